import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A free port that the system gives to nobody by itself: a receiver that was killed finds it free again, and a shipper
 * that calls it meanwhile can't be given it as its own end (TCP would connect the socket to itself).
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
