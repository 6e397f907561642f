/** `verify`: reads every block of one or several archives and holds every shipper to its numbers. */
import { ArchiveAudit, type AuditCounts } from './archive_audit.ts';
import { auditTogether } from './joint_audit.ts';

export interface Output {
  write(text: string): unknown;
}

/**
 * Checks the archives in `folders`, several as one, says what it found, and answers the exit code: 0 clean, 1 damaged. Throws
 * where a folder can't be read.
 */
export async function verify(folders: readonly string[], output: Output): Promise<0 | 1> {
  const audits = folders.map((folder) => new ArchiveAudit(folder));
  for (const audit of audits) await audit.read();
  const across = audits.length > 1 ? await auditTogether(audits) : { problems: [], forgotten: 0 };
  const said = (of: (audit: ArchiveAudit) => Iterable<string>): string[] =>
    audits.flatMap((audit) => [...of(audit)].map((text) => `${prefixOf(audit, audits)}${text}`));
  const problems = [...said((audit) => audit.problems), ...across.problems];
  const lines = [
    ...summary(audits),
    ...said((audit) => audit.notes).map((note) => `note: ${note}`),
    ...(across.forgotten === 0
      ? []
      : [
          `note: ${across.forgotten} sequences are in none of these archives: retention may have deleted them`,
        ]),
    ...problems.map((problem) => `DAMAGE: ${problem}`),
    problems.length === 0
      ? 'clean: every block checks out, no sequence missing or repeated'
      : `${problems.length} problems`,
  ];
  output.write(`${lines.join('\n')}\n`);
  return problems.length === 0 ? 0 : 1;
}

const prefixOf = ({ folder }: ArchiveAudit, { length }: readonly ArchiveAudit[]): string =>
  length > 1 ? `${folder}/` : '';

function* summary(audits: readonly ArchiveAudit[]): Generator<string> {
  const isOne = audits.length === 1;
  for (const { folder, counts, shippers } of audits) {
    yield isOne ? figures(counts) : `${folder}: ${figures(counts)}`;
    for (const shipper of shippers.values()) yield `  ${shipper.summary()}`;
  }
  if (isOne) return;
  const sum = (of: (counts: AuditCounts) => number): number =>
    audits.reduce((all, { counts }) => all + of(counts), 0);
  yield `together: ${figures({
    segments: sum(({ segments }) => segments),
    blocks: sum(({ blocks }) => blocks),
    entries: sum(({ entries }) => entries),
    bytes: sum(({ bytes }) => bytes),
  })}`;
}

const figures = ({ segments, blocks, entries, bytes }: AuditCounts): string =>
  `${segments} segments, ${blocks} blocks, ${entries} entries, ${bytes} bytes`;
