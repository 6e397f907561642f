/** A point in the past: right after the event of a position, or all events up to a time by their own timestamps (ms). */
export type PointInTime = { readonly position: number } | { readonly timestamp: bigint };
