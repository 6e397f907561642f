/** What the harness knows of a workload. A new one is a file in workloads/ and a row in main.ts. */
export interface Workload<Name extends string = string> {
  /** On the command line, and the name of its file of results. */
  readonly name: string;
  readonly summary: string;
  /** Its whole numbers, each a flag. */
  readonly settings: Readonly<Record<Name, Setting>>;
  /** The alternatives it compares, by name, for `--only`. */
  readonly alternatives: readonly string[];
  /** Measures. Throws where what was measured did not do its work; ends its processes and removes its files in any case. */
  run(settings: Readonly<Record<Name, number>>, context: Context): Promise<Report>;
}

export interface Setting {
  readonly default: number;
  /** Where all workloads run one after the other. */
  readonly modest: number;
  readonly help: string;
}

export interface Context {
  /** Ends the run early; `run` then throws. */
  readonly signal: AbortSignal;
  /** True for the alternatives that were asked for. */
  readonly isWanted: (alternative: string) => boolean;
  /** Says how far it is. */
  readonly progress: (text: string) => void;
}

export interface Report {
  /** For people: one or more tables. */
  readonly text: string;
  /** For programs: `rows` has one for each alternative (and size). */
  readonly results: { readonly rows: readonly object[] };
}
