import { verify } from '../../src/tools/verify.ts';

/** What `verify` says of archives, and each DAMAGE of it. */
export interface Verified {
  readonly exitCode: number;
  readonly report: string;
  readonly problems: string[];
}

export async function verified(...folders: string[]): Promise<Verified> {
  let report = '';
  const exitCode = await verify(folders, { write: (text) => (report += text) });
  const problems = report.split('\n').flatMap((line) => /^DAMAGE: (.*)/.exec(line)?.[1] ?? []);
  return { exitCode, report, problems };
}
