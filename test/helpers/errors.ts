/** The `code` of what `work` throws or rejects with; `no error` where it does neither. */
export async function codeOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return 'no error';
}
