import type { FollowerState, OutputPlan } from '../../src/outputs/output.ts';

/** An output in memory that fails as often as it is told. */
export function memoryOutput(failures = 0): OutputPlan & { readonly lines: string[]; saves: number } {
  let saved: FollowerState | undefined;
  let kept = 0;
  const lines: string[] = [];
  const plan = {
    name: 'memory',
    file: '',
    lockFolder: '',
    lines,
    saves: 0,
    open: () => {
      lines.length = kept;
      return Promise.resolve({
        saved,
        write: ({ rows }: { rows: readonly { line: string }[] }) =>
          void lines.push(...rows.map(({ line }) => line)),
        save(state: FollowerState) {
          plan.saves += 1;
          if (plan.saves <= failures) throw new Error('no space left');
          saved = state;
          kept = lines.length;
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
    reset: () => Promise.resolve(),
  };
  return plan;
}
