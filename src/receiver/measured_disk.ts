import type { Disk, SegmentFile } from '../archive/disk.ts';
import type { Histogram } from '../monitor/histogram.ts';

/** A disk whose syncs are counted by how long they take, those that fail too. */
export function measuredDisk(disk: Disk, syncs: Histogram): Disk {
  const measured = (file: SegmentFile): SegmentFile => ({
    write: (pieces, offset) => file.write(pieces, offset),
    async sync() {
      const begunAt = performance.now();
      try {
        await file.sync();
      } finally {
        syncs.observe((performance.now() - begunAt) / 1000);
      }
    },
    close: () => file.close(),
  });
  return {
    create: async (path) => measured(await disk.create(path)),
    reopen: async (path, bytes) => measured(await disk.reopen(path, bytes)),
    remove: (path) => disk.remove(path),
  };
}
