/** JSON Lines: the entries byte by byte as they were shipped, out of all segments in one file. */
import { fileOutput, type FileOutputOptions } from './file_output.ts';
import type { OutputPlan } from './output.ts';

export function jsonlOutput(options: Omit<FileOutputOptions, 'name' | 'head' | 'format'>): OutputPlan {
  return fileOutput({
    ...options,
    name: 'jsonl',
    format: ({ lines: [first, ...others] }) =>
      first === undefined || others.length === 0
        ? (first ?? Buffer.alloc(0))
        : Buffer.concat([first, ...others]),
  });
}
