/** Why a request is refused, by name: the `error` of the answer's body, and what it is counted under. */
export type ProblemCode =
  | 'not_json'
  | 'not_utf8'
  | 'not_an_event'
  | 'too_deep'
  | 'missing_field'
  | 'wrong_type'
  | 'repeated_field'
  | 'impossible_timestamp'
  | 'bad_user_id'
  | 'bad_request'
  | 'unauthorized'
  | 'not_found'
  | 'wrong_method'
  | 'timeout'
  | 'too_large'
  | 'too_many_events'
  | 'unsupported_type'
  | 'unsupported_encoding'
  | 'does_not_inflate'
  | 'rate_limited'
  | 'headers_too_large'
  | 'internal'
  | 'busy'
  | 'unavailable';

/** What an answer says of what is wrong. */
export interface Problem {
  readonly error: ProblemCode;
  readonly reason: string;
  /** The member that is wrong. */
  readonly field?: string;
  /** Which element of an array, or line of NDJSON, from 1. */
  readonly line?: number;
}

/** A request that gets no 200. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly body: Problem;
  /** Whether, and when, it may be tried again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, body: Problem, options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(body.reason, { cause: options.cause });
    this.code = body.error;
    this.status = status;
    this.body = body;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** The same of this element or line. */
  inLine(line: number): HttpProblem {
    return new HttpProblem(this.status, { ...this.body, line }, { cause: this.cause });
  }
}

/** A request that is wrong in itself. */
export const badRequest = (error: ProblemCode, reason: string, field?: string): HttpProblem =>
  new HttpProblem(400, { error, reason, ...(field === undefined ? {} : { field }) });
