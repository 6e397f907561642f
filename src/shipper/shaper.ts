/**
 * What makes entries of the lines of a source. By default a line that is `{…}` goes through as its bytes
 * (entry_lines.ts); processors put their own in its place.
 */
import type { Cut } from '../base/lines.ts';
import { entriesOf, type EntriesOfCut } from './entry_lines.ts';

/** Works on one source (a file, standard input) and may hold lines back: those are in no `sourceBytes` yet. */
export interface Shaper {
  /**
   * The entries of these lines, in runs of at most `maxBytes` (but for a single longer entry). A piece gives exactly one run,
   * with what was held back before it. A run of no entries says that bytes are done with: all in them was filtered out.
   */
  shape(cut: Cut, maxBytes: number): Iterable<EntriesOfCut>;
  /** What was held back: the source has ended, or has been quiet for long. */
  flush(maxBytes: number): Iterable<EntriesOfCut>;
}

/** Makes a shaper for the source of this name: a path, or `pipe`. */
export type ShaperOf = (sourceName: string) => Shaper;

/** Lines as they are: nobody looks into them. */
export const asTheyAre: ShaperOf = () => ({ shape: entriesOf, flush: () => [] });
