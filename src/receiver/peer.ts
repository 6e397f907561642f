/** Where a connection comes from, as logs name it. */
export const peerOf = ({
  remoteAddress,
  remotePort,
}: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string => `${remoteAddress ?? 'gone'}:${remotePort ?? 0}`;
