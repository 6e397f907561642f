/** What things are called in NATS: the streams of blocks, the subjects in them, the bucket of what is known beside them. */
import { crc32 } from 'node:zlib';

/** A stream for each partition: each has a leader of its own, and a place in it is one number. */
export const streamOf = (stream: string, partition: number): string => `${stream}-${partition}`;

/** All subjects of a partition. */
export const subjectsOf = (stream: string, partition: number): string => `${stream}.blocks.${partition}.>`;

export const bucketOf = (stream: string): string => `${stream}-state`;

/** A shipper's blocks are all in one partition: their order is that of its stream. */
export const partitionOf = (shipperId: string, partitions: number): number => crc32(shipperId) % partitions;

/** Where the blocks of a shipper are. */
export const subjectOf = (stream: string, partition: number, shipperId: string): string =>
  `${stream}.blocks.${partition}.${tokenOf(shipperId)}`;

const PLAIN_BYTE = /^[A-Za-z0-9_-]$/;

/** Any text as one token of a subject, or of a key: bytes that may not stand there, or mean something, are `=XX`. */
export function tokenOf(text: string): string {
  let token = '';
  for (const byte of Buffer.from(text)) {
    const letter = String.fromCharCode(byte);
    token += PLAIN_BYTE.test(letter) ? letter : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return token;
}

/** The text of a token that `tokenOf` made. */
export function textOf(token: string): string {
  const bytes = token.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}

/** Of the bucket: how many partitions there are. */
export const META_KEY = 'meta';

/** Of the bucket: where a shipper stands. */
export const placeKey = (shipperId: string): string => `place.${tokenOf(shipperId)}`;

/** Of the bucket: whose a shipper id is. */
export const bindingKey = (shipperId: string): string => `binding.${tokenOf(shipperId)}`;

/** Of the bucket: who writes a partition out for this group of workers, and up to where. */
export const workKey = (group: string, partition: number): string => `work.${tokenOf(group)}.${partition}`;
