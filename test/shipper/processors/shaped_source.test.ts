import { expect, test } from 'vitest';
import { shapedSource } from '../../../src/shipper/processors/shaped_source.ts';
import type { Source } from '../../../src/shipper/source.ts';
import { pipelineWith } from '../../helpers/processing.ts';

test('the entries of a source go through processors', async () => {
  const source: Source = {
    name: 'made up',
    canReread: false,
    async *read() {
      await Promise.resolve();
      yield { lines: { bytes: Buffer.from('{"a":1}\n{"b":2}\n'), count: 2 }, positions: {} };
      yield { lines: { bytes: Buffer.from('{"a":3}\n'), count: 1 }, positions: {} };
    },
  };
  const { shaperOf, counts } = pipelineWith({ exclude: ['b'], add: ['x=y'] });
  const made: string[] = [];
  for await (const { lines } of shapedSource(source, shaperOf).read({}, new AbortController().signal, 1e6))
    made.push(lines.bytes.toString());
  expect(made).toEqual(['{"a":1,"x":"y"}\n', '{"a":3,"x":"y"}\n']);
  expect(counts.figures()).toEqual({ lines: 3, entries: 2, filtered: { 'exclude b': 1 } });
});
