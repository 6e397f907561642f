import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import type { OptionName } from '../../config/options.ts';
import { PROCESSOR_OPTIONS } from '../../config/options/processors.ts';

/** What `check` heeds. */
const CHECK_OPTIONS = [...(Object.keys(PROCESSOR_OPTIONS) as OptionName[]), 'MAX_LINE_BYTES'] as const;

/** Adds `check`. */
export function addCheck(program: Command): void {
  addOptions(
    program
      .command('check')
      .description('show what processors do to a sample, line by line, and ship nothing')
      .requiredOption('--sample <file>', 'the sample; - is standard input'),
    'client',
    CHECK_OPTIONS,
  ).action(async ({ sample }: { sample: string }, command: Command) => {
    const { processorRules } = await import('../../config/processors.ts');
    const { printCheck } = await import('../../shipper/processors/check.ts');
    const { sourceHead } = await import('../../shipper/processors/source_head.ts');
    const settings = settingsOf(command);
    const isPiped = sample === '-';
    const options = {
      rules: processorRules(settings),
      sampleName: isPiped ? sample : resolve(sample),
      maxLineBytes: settings.MAX_LINE_BYTES,
      headOf: sourceHead,
    };
    await printCheck(isPiped ? process.stdin : createReadStream(sample), options, process.stdout);
  });
}
