/** What a listener makes of a connection. */
export interface Conversation {
  /** Settles when the socket is closed and everything taken from it has settled. */
  finished(): Promise<void>;
  /** Takes nothing new, settles what is in hand, closes. */
  stop(): Promise<void>;
  /** Ends it if the token that let it in was withdrawn. */
  checkPass(): void;
}
