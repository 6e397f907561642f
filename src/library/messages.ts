/** What the application's thread and the one that ships say to each other. */

export interface ThreadOrders {
  /** As the application gave them: what they become can't go from one thread to another. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly shipperId: string;
  /** The run of the journal to follow; without it lines come as messages. */
  readonly run?: string;
  readonly figures: SharedArrayBuffer;
}

export type ToThread =
  | { readonly kind: 'lines'; readonly bytes: Uint8Array }
  | { readonly kind: 'lost'; readonly entries: number; readonly reason: string }
  | { readonly kind: 'grew' }
  | { readonly kind: 'flush'; readonly id: number }
  | { readonly kind: 'end' };

export type FromThread =
  | { readonly kind: 'problem'; readonly code: ProblemCode; readonly message: string }
  | { readonly kind: 'flushed'; readonly id: number };

/** What a problem is about: the way to the receiver, entries that were lost, the spool, the thread that ships. */
export type ProblemCode = 'delivery' | 'dropped' | 'spool' | 'thread';
