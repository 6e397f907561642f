/** The outputs there are, by name. */
import { csvOutput } from './csv.ts';
import { eventsOutput } from './events.ts';
import { openOutputStore, placeOf, type OutputStoreSettings } from './events_store.ts';
import { jsonlOutput } from './jsonl.ts';
import type { OutputPlan } from './output.ts';
import { sqliteOutput } from './sqlite.ts';
import { statisticsOutput } from './statistics.ts';
import { textOutput } from './text.ts';
import { usersOutput } from './users.ts';

/** What the outputs are told. Plain data: it goes to another thread. */
export interface OutputSettings extends OutputStoreSettings {
  /** The archive. */
  readonly folder: string;
  readonly csvFile: string;
  readonly isCsvDefused: boolean;
  readonly sqliteFile: string;
  readonly textFile: string;
  readonly textTemplate: string;
  readonly jsonlFile: string;
  /** Of users: the folder of all users. */
  readonly userFilesFolder: string;
  /** Of csv, text and jsonl: how long a file may become, and how many are kept; 0: no limit. */
  readonly maxBytes: number;
  readonly maxFiles: number;
}

const PLANS = {
  csv: ({ csvFile: file, isCsvDefused: isDefused, maxBytes, maxFiles }) =>
    csvOutput({ file, isDefused, maxBytes, maxFiles }),
  sqlite: ({ sqliteFile: file }) => sqliteOutput({ file }),
  text: ({ textFile: file, textTemplate: template, maxBytes, maxFiles }) =>
    textOutput({ file, template, maxBytes, maxFiles }),
  jsonl: ({ jsonlFile: file, maxBytes, maxFiles }) => jsonlOutput({ file, maxBytes, maxFiles }),
  stats: ({ folder }) => statisticsOutput({ folder }),
  users: ({ userFilesFolder: folder }) => usersOutput({ folder }),
  events: (settings) =>
    eventsOutput({
      ...settings,
      place: placeOf(settings),
      open: () => openOutputStore(settings),
      isOwn: true,
    }),
} satisfies Record<string, (settings: OutputSettings) => OutputPlan>;

export type OutputName = keyof typeof PLANS;

export const OUTPUT_NAMES = Object.keys(PLANS) as OutputName[];

/** Throws Error where the settings can't be used. */
export const planOutput = (name: OutputName, settings: OutputSettings): OutputPlan => PLANS[name](settings);
