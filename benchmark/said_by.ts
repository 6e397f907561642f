import type { MeasuredProcess } from './measured_process.ts';

/** Waits until what a process has written to its standard output matches. Throws where it ends without. */
export async function saidBy(
  { stdout, finished }: MeasuredProcess,
  pattern: RegExp,
): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
  let said = '';
  const look = (chunk: Buffer): void => {
    said += chunk.toString();
    const match = pattern.exec(said);
    if (match !== null) resolve(match);
  };
  stdout.on('data', look);
  finished.then(
    ({ exitCode, stderr }) =>
      reject(new Error(`it ended with ${exitCode} and did not say ${String(pattern)}:\n${said}${stderr}`)),
    reject,
  );
  try {
    return await promise;
  } finally {
    stdout.off('data', look);
  }
}
