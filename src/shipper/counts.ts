/** What a shipper has done so far, in entries unless the name says otherwise: read = acknowledged + rejected + dropped + in flight. */
export interface Counts {
  read: number;
  /** Durable at the receiver; to a plain receiver: taken by the system. */
  acknowledged: number;
  /** Refused by the receiver for good and kept as dead letters. */
  rejected: number;
  /** Lost because the spool was full; declared to the receiver. */
  dropped: number;
  batches: number;
  /** NDJSON bytes of the batches encoded. */
  rawBytes: number;
  /** Bytes of their frames. */
  wireBytes: number;
  /** Times a batch was sent again after a connection broke. */
  resent: number;
  connections: number;
}

export const noCounts = (): Counts => ({
  read: 0,
  acknowledged: 0,
  rejected: 0,
  dropped: 0,
  batches: 0,
  rawBytes: 0,
  wireBytes: 0,
  resent: 0,
  connections: 0,
});

/** Entries read whose fate is open. */
export const inFlight = ({ read, acknowledged, rejected, dropped }: Counts): number =>
  read - acknowledged - rejected - dropped;

/** Raw bytes to a byte on the wire, two decimals. */
export const ratio = ({ rawBytes, wireBytes }: Counts): number =>
  wireBytes === 0 ? 1 : Math.round((rawBytes / wireBytes) * 100) / 100;
