#!/usr/bin/env node
/** The receiver's program: `logferryd`. */
import { addDrain } from './src/commands/server/drain.ts';
import { addEventCommands } from './src/commands/server/events.ts';
import { addFollow } from './src/commands/server/follow.ts';
import { addCat, addDisk, addStats, addVerify } from './src/commands/server/inspect.ts';
import { addMove } from './src/commands/server/move.ts';
import { addQuery } from './src/commands/server/query.ts';
import { addSchema } from './src/commands/server/schema.ts';
import { addHttp, addServe, addThrift } from './src/commands/server/serve.ts';
import { addTop } from './src/commands/server/top.ts';
import { createProgram, runProgram } from './src/config/command_line.ts';

const program = createProgram(
  'logferryd',
  'Receives logs, keeps each exactly once in an archive of ordinary .jsonl.gz files.',
);

/** In the order of the help. */
const COMMANDS = [
  ...[addServe, addHttp, addThrift, addVerify, addCat, addQuery, addDrain, addFollow, addMove],
  ...[addDisk, addStats, addSchema, addEventCommands, addTop],
];
for (const add of COMMANDS) add(program);

await runProgram(program);
