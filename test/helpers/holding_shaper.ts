import { entriesOf } from '../../src/shipper/entry_lines.ts';
import type { ShaperOf } from '../../src/shipper/shaper.ts';

/** Holds the last line back, as whoever waits for lines that belong to it. */
export const holding: ShaperOf = () => {
  let held = Buffer.alloc(0);
  return {
    *shape(cut, maxBytes) {
      const bytes = Buffer.concat([held, cut.bytes]);
      const end = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
      held = Buffer.from(bytes.subarray(end));
      if (end > 0) yield* entriesOf({ kind: 'lines', bytes: bytes.subarray(0, end) }, maxBytes);
    },
    *flush(maxBytes) {
      if (held.length > 0) yield* entriesOf({ kind: 'lines', bytes: held }, maxBytes);
      held = Buffer.alloc(0);
    },
  };
};
