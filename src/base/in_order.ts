import { Signal } from './signal.ts';

/**
 * Maps an iterable with up to `atOnce` calls under way, and yields each result as soon as it and all before it are
 * there. The next input is taken only when there is room for its call. The first error, of an input or a call, ends it.
 */
export async function* mapInOrder<In, Out>(
  inputs: AsyncIterable<In>,
  atOnce: number,
  map: (input: In) => Promise<Out>,
): AsyncGenerator<Out, void, undefined> {
  const underWay: Promise<Out>[] = [];
  const changed = new Signal();
  let isDone = false;

  const feed = async (): Promise<void> => {
    for await (const input of inputs) {
      if (isDone) return;
      const call = map(input);
      call.catch(() => undefined);
      underWay.push(call);
      changed.notify();
      while (underWay.length >= atOnce && !isDone) await changed.wait();
      if (isDone) return;
    }
  };
  const fed = feed().finally(() => {
    isDone = true;
    changed.notify();
  });
  fed.catch(() => undefined);

  try {
    for (;;) {
      const call = underWay[0];
      if (call !== undefined) {
        const result = await call;
        void underWay.shift();
        changed.notify();
        yield result;
      } else if (isDone) {
        await fed;
        return;
      } else {
        await changed.wait();
      }
    }
  } finally {
    isDone = true;
    changed.notify();
  }
}
