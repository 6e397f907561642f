/** `POST /log` of the same framework with the same schema, and nothing behind it: what HTTP and JSON cost by themselves. */
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { LOG_EVENT_SCHEMA } from '../src/receiver/listeners/http/log_event.ts';

const app = fastify({
  bodyLimit: 4 * 1024 * 1024,
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
});

app.post(
  '/log',
  {
    schema: {
      body: { oneOf: [LOG_EVENT_SCHEMA, { type: 'array', items: LOG_EVENT_SCHEMA }] },
      response: {
        200: { type: 'object', properties: { status: { type: 'string' }, accepted: { type: 'integer' } } },
      },
    },
  },
  ({ body }) => Promise.resolve({ status: 'ok', accepted: Array.isArray(body) ? body.length : 1 }),
);

await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ httpPort: (app.server.address() as AddressInfo).port })}\n`);
process.on('SIGTERM', () => void app.close());
