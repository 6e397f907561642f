/** Why a file that was found is not read, or not now. */
export class TailError extends Error {
  readonly code: 'packing' | 'not_a_file' | 'replaced' | 'no_room';

  constructor(code: TailError['code'], message: string) {
    super(message);
    this.name = 'TailError';
    this.code = code;
  }
}
