#!/usr/bin/env node
/** The shipper's program: `logferry`. */
import { addCheck } from './src/commands/client/check.ts';
import { addDeadLetter } from './src/commands/client/dead_letter.ts';
import { addGenerate } from './src/commands/client/generate.ts';
import { addPipe } from './src/commands/client/pipe.ts';
import { addReplay } from './src/commands/client/replay.ts';
import { addSend } from './src/commands/client/send.ts';
import { addTail } from './src/commands/client/tail.ts';
import { addThriftSend } from './src/commands/client/thrift_send.ts';
import { createProgram, runProgram } from './src/config/command_line.ts';

const program = createProgram(
  'logferry',
  'Ships logs to a receiver, compressed once, and waits until each is on its disk.',
);

/** In the order of the help. */
const COMMANDS = [
  ...[addGenerate, addSend, addTail, addPipe],
  ...[addCheck, addDeadLetter, addThriftSend, addReplay],
];
for (const add of COMMANDS) add(program);

await runProgram(program);
