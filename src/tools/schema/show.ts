import { textTable } from '../table.ts';
import { showType, type Fields, type Method, type Schema } from './schema.ts';

/** What a schema has on the wire, for people: ids, types without typedefs, methods with those they inherit. */
export function schemaText(schema: Schema): string {
  const parts = [
    ...[...schema.structs.values()].map(
      ({ kind, name, fields }) => `${kind} ${name}\n${indented(fieldsTable(fields))}`,
    ),
    ...[...schema.enums.values()].map(
      ({ name, members }) =>
        `enum ${name}\n${indented(textTable([...members].map(([member, number]) => [member, String(number)])))}`,
    ),
    ...[...schema.services.values()].map(
      ({ name, methods }) => `service ${name}\n${[...methods.values()].map(methodText).join('')}`,
    ),
    ...[...schema.constants].map(
      ([name, { type, value }]) => `const ${name}: ${showType(type)} = ${value}\n`,
    ),
  ];
  return parts.length === 0 ? `${schema.file} defines nothing\n` : parts.join('\n');
}

function fieldsTable(fields: Fields): string {
  const rows = [...fields.values()].map(({ id, name, requiredness, type, value }) => [
    String(id),
    name,
    showType(type),
    `${requiredness === 'default' ? '' : requiredness}${value === undefined ? '' : ` = ${value}`}`.trim(),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (row: readonly string[], column: number): string =>
    (row[column] ?? '').padEnd(widths[column] ?? 0);
  return rows
    .map((row) => `${[cell(row, 0), cell(row, 1), cell(row, 2), row[3]].join('  ').trimEnd()}\n`)
    .join('');
}

function methodText(method: Method): string {
  const list = (fields: Fields): string =>
    [...fields.values()].map(({ id, name, type }) => `${id}: ${showType(type)} ${name}`).join(', ');
  const returns = method.returns === undefined ? 'void' : showType(method.returns);
  const throws = method.throws.size === 0 ? '' : ` throws (${list(method.throws)})`;
  return `  ${method.isOneway ? 'oneway ' : ''}${returns} ${method.name}(${list(method.arguments)})${throws}\n`;
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');
