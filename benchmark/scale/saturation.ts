/** What held a load back, as far as processor time tells. */
import { ROLES, type Outcome } from './layout.ts';

/** From here on the cores of a machine, or the thread that does most of a process's work, are taken for full. */
const FULL = 0.85;

/** In words, on a machine of so many cores. */
export function limitOf({ busyCores, machineCores, costs }: Outcome, cores: number): string {
  const busy = ROLES.reduce((sum, role) => sum + busyCores[role], 0);
  if (busy >= FULL * cores) return `all ${cores} cores`;
  if (machineCores >= FULL * cores) return `all ${cores} cores, with other programs`;
  const full = ROLES.find(
    (role) => costs[role].processes > 0 && busyCores[role] / costs[role].processes >= FULL,
  );
  return full === undefined ? 'waiting' : `a core for each of the ${full}`;
}

/** Where the next of the rates, of loads from small to large, is not so much higher: its index; undefined where the last one still gains. */
export function saturatedAt(rates: readonly number[], gain = 1.1): number | undefined {
  const at = rates.findIndex((rate, n) => n + 1 < rates.length && (rates[n + 1] as number) < rate * gain);
  return at === -1 ? undefined : at;
}
