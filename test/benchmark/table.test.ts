import { expect, test } from 'vitest';
import { textTable } from '../../benchmark/table.ts';

const COLUMNS = [
  { title: 'name', cell: ({ name }: { name: string; size: number }) => name },
  { title: 'bytes', cell: ({ size }: { name: string; size: number }) => String(size) },
];

test('it is a table of Markdown: the first column stands left, the others right, each as wide as its widest cell', () => {
  const table = textTable(COLUMNS, [
    { name: 'a', size: 1 },
    { name: 'longer', size: 1234567 },
  ]);
  expect(table).toBe(
    ['| name   |   bytes |', '|--------|--------:|', '| a      |       1 |', '| longer | 1234567 |', ''].join(
      '\n',
    ),
  );
});

test('without rows the titles are left', () => {
  expect(textTable(COLUMNS, [])).toBe('| name | bytes |\n|------|------:|\n');
});
