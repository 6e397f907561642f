/**
 * Maps an iterable with up to `atOnce` calls under way, and yields the results in the order of the inputs. The next
 * input is taken only when there is room for its call. An error ends it; results behind the error are dropped.
 */
export async function* mapInOrder<In, Out>(
  inputs: AsyncIterable<In> | Iterable<In>,
  atOnce: number,
  map: (input: In) => Promise<Out>,
): AsyncGenerator<Out, void, undefined> {
  const underWay: Promise<Out>[] = [];
  for await (const input of inputs) {
    const call = map(input);
    call.catch(() => undefined);
    underWay.push(call);
    if (underWay.length >= atOnce) yield await (underWay.shift() as Promise<Out>);
  }
  for (const call of underWay) yield await call;
}
