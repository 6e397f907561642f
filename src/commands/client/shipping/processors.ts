import type { Settings } from '../../../config/options.ts';
import { processorRules } from '../../../config/processors.ts';

/** What is done to entries before they are shipped; undefined where nothing is: then no line is looked into. Throws ConfigError. */
export async function processorsFor(settings: Settings) {
  const { asksForAnything } = await import('../../../shipper/processors/rules.ts');
  const rules = processorRules(settings);
  if (!asksForAnything(rules)) return undefined;
  const { pipelineOf } = await import('../../../shipper/processors/pipeline.ts');
  const { sourceHead } = await import('../../../shipper/processors/source_head.ts');
  return pipelineOf({ rules, headOf: sourceHead });
}
