/** The blocks ```` ```hex NAME ```` of a Markdown text: bytes in hex, `#` begins a comment. */
export function hexBlocks(markdown: string): Map<string, Buffer> {
  const blocks = [...markdown.matchAll(/^```hex ([^\n]+)\n([^]*?)^```$/gm)];
  return new Map(
    blocks.map(([, name = '', body = '']) => [
      name,
      Buffer.from(body.replace(/#.*$/gm, '').replace(/\s/g, ''), 'hex'),
    ]),
  );
}
