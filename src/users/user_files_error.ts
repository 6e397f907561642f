export type UserFilesErrorCode =
  /** What has the name of a user's folder or file is something else: a link, a device. */
  | 'not_ours'
  /** The journal can't be read. */
  | 'damaged'
  /** What is to be drained belongs to other files. */
  | 'other_files';

export class UserFilesError extends Error {
  override readonly name = 'UserFilesError';
  readonly code: UserFilesErrorCode;

  constructor(code: UserFilesErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
