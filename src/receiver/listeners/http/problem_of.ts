/** What an error says to who asked. */
import { BufferUnavailable } from '../../../users/user_buffer.ts';
import { UserFilesError } from '../../../users/user_files_error.ts';
import { HttpProblem, type Problem } from './http_problem.ts';

/** fastify's own, as far as they are the asker's. */
const FASTIFY_PROBLEMS: Readonly<Record<string, readonly [status: number, problem: Problem]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    { error: 'unsupported_type', reason: 'Content-Type is to be application/json or application/x-ndjson' },
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    400,
    { error: 'bad_request', reason: 'the body is not as long as Content-Length says' },
  ],
  FST_ERR_BAD_URL: [400, { error: 'bad_request', reason: 'the path can’t be decoded' }],
};

/** What can't be told better is a fault of ours. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof BufferUnavailable) {
    const { retryAfterSeconds } = error;
    const reason = error.isUncertain ? `${error.message}; it may have been kept all the same` : error.message;
    return new HttpProblem(503, { error: 'unavailable', reason }, { retryAfterSeconds, cause: error });
  }
  if (error instanceof UserFilesError) {
    const reason = `the files of users can't be used: ${error.message}`;
    return new HttpProblem(503, { error: 'unavailable', reason }, { retryAfterSeconds: 60, cause: error });
  }
  const { code = '', validation, message } = error as Error & { code?: string; validation?: Violation[] };
  const [first] = validation ?? [];
  if (first !== undefined) return new HttpProblem(400, violationProblem(first, message));
  const known = FASTIFY_PROBLEMS[code];
  if (known !== undefined) return new HttpProblem(known[0], known[1], { cause: error });
  return new HttpProblem(
    500,
    { error: 'internal', reason: 'a fault of the receiver’s own: its log says which' },
    { cause: error },
  );
}

/** As ajv says it. */
interface Violation {
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
}

function violationProblem({ instancePath, params }: Violation, message: string): Problem {
  const { additionalProperty } = params;
  const field = typeof additionalProperty === 'string' ? additionalProperty : instancePath.slice(1);
  return { error: 'bad_request', reason: message, ...(field === '' ? {} : { field }) };
}

interface WireProblem {
  readonly status: number;
  readonly text: string;
  readonly problem: Problem;
}

/** Of what never became a request: by Node's code. */
export function wireProblemOf(code: string | undefined): WireProblem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return {
      status: 408,
      text: 'Request Timeout',
      problem: { error: 'timeout', reason: 'the request did not come to its end in time' },
    };
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: 431,
      text: 'Request Header Fields Too Large',
      problem: { error: 'headers_too_large', reason: 'the head of the request is too long' },
    };
  return {
    status: 400,
    text: 'Bad Request',
    problem: { error: 'bad_request', reason: 'this is no HTTP/1.1' },
  };
}
