import type { Command } from 'commander';

interface SchemaFlags {
  readonly include: string[];
  readonly json?: true;
}

/** Adds `schema check` and `schema show`. */
export function addSchema(program: Command): void {
  const schema = program
    .command('schema')
    .description("Thrift's IDL: what changes from one file to the next, and whom that hurts");
  withSchemaFlags(schema.command('check <old> <new>'))
    .description(
      'print each change, whether it is safe, and why. Exits 1 where any is unsafe, 2 where a file is wrong',
    )
    .action(async (oldPath: string, newPath: string, flags: SchemaFlags) => {
      const { checkSchemas } = await import('../../tools/schema/command.ts');
      process.exitCode = await checkSchemas(oldPath, newPath, schemaOptions(flags), process);
    });
  withSchemaFlags(schema.command('show <file>'))
    .description('print what a file has on the wire: ids, types without typedefs, methods')
    .action(async (path: string, flags: SchemaFlags) => {
      const { showSchema } = await import('../../tools/schema/command.ts');
      process.exitCode = await showSchema(path, schemaOptions(flags), process);
    });
}

const withSchemaFlags = (command: Command): Command =>
  command
    .option(
      '--include <folder>',
      "a folder to find includes in, beside the file's own; may be given several times",
      (folder: string, before: string[]) => [...before, folder],
      [],
    )
    .option('--json', 'as JSON');

const schemaOptions = ({ include, json }: SchemaFlags) => ({
  include,
  isJson: json === true,
  columns: process.stdout.columns ?? (Number(process.env.COLUMNS) || 120),
});
