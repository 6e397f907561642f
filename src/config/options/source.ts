/** Where entries come from. */
import { bytes } from '../kinds.ts';
import { MIB, option } from '../option.ts';

export const SOURCE_OPTIONS = {
  MAX_LINE_BYTES: option({
    kind: bytes({ min: 256, max: 16 * MIB }),
    default: '1MiB',
    side: 'client',
    toml: 'source.max_line_bytes',
    help: 'send, tail and pipe: a longer line is shipped in pieces of this size, each marked.',
  }),
} as const;
