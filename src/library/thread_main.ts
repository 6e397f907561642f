/** The thread that ships: an engine, and what the application's thread says to it (messages.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { processorRules } from '../config/processors.ts';
import { librarySettings, type LibrarySettings } from '../config/library.ts';
import type { ShaperOf } from '../shipper/shaper.ts';
import { Engine } from './engine.ts';
import { Figures } from './figures.ts';
import type { FromThread, ThreadOrders, ToThread } from './messages.ts';

const { options, shipperId, run, figures } = workerData as ThreadOrders;
const settings = librarySettings(options);

const tell = (message: FromThread): void => parentPort?.postMessage(message);

const engine = new Engine(
  {
    settings,
    shipperId,
    ...(run === undefined ? {} : { run }),
    figures: new Figures(figures),
    onProblem: (message) => tell({ kind: 'problem', code: 'delivery', message }),
  },
  await shaperFor(settings),
);

parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'lines') engine.push(Buffer.from(message.bytes.buffer, 0, message.bytes.length));
  else if (message.kind === 'lost') engine.push({ entries: message.entries, reason: message.reason });
  else if (message.kind === 'grew') engine.grew();
  else if (message.kind === 'flush')
    void engine.flush().then(() => tell({ kind: 'flushed', id: message.id }));
  else void engine.end().then(() => parentPort?.close());
});

/** What is done to entries before they are shipped; undefined where nothing is. */
async function shaperFor(wishes: LibrarySettings): Promise<ShaperOf | undefined> {
  const { asksForAnything } = await import('../shipper/processors/rules.ts');
  const rules = processorRules(wishes);
  if (!asksForAnything(rules)) return undefined;
  const { pipelineOf } = await import('../shipper/processors/pipeline.ts');
  return pipelineOf({ rules, headOf: () => '' }).shaperOf;
}
