/** Whether a text is as `wish` has it, in which `*` stands for anything, in time linear in both but for many stars. */
export function globMatcher(wish: string): (text: string) => boolean {
  const pieces = wish.split('*');
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return (text) => text === wish;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const piece of others) {
      const found = text.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}
