/** Why a file that was found is not followed. */
export class TailError extends Error {
  readonly code: 'packing' | 'not_a_file' | 'replaced';

  constructor(code: TailError['code'], message: string) {
    super(message);
    this.name = 'TailError';
    this.code = code;
  }
}
