/** Something a peer sent that is on its way into the archive. */
export interface Taken {
  /** Entries whose fate hangs on it. */
  readonly count: number;
  /** Settles when it is durable; rejects where the archive does not take it. */
  readonly durable: Promise<unknown>;
  /** The number to acknowledge then. */
  readonly sequence?: number;
  /** A frame to send then, before the acknowledgement. */
  readonly reply?: Buffer;
}
