/** The one seam between the archive's writer and the operating system: tests put failing disks here. */
import { open, truncate, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../base/atomic_file.ts';

export interface Disk {
  /** Creates a file that must not exist yet; its name is durable when this settles. */
  create(path: string): Promise<SegmentFile>;
  /** Opens an existing file cut to `bytes`. */
  reopen(path: string, bytes: number): Promise<SegmentFile>;
  /** Deletes a file. */
  remove(path: string): Promise<void>;
}

export interface SegmentFile {
  /** Writes all pieces at `offset`, with as few calls as the system allows. On an error some of them may be written. */
  write(pieces: readonly Buffer[], offset: number): Promise<void>;
  /** fdatasync. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export const systemDisk: Disk = {
  async create(path) {
    const handle = await open(path, 'wx', 0o640);
    try {
      await syncFolder(dirname(path));
    } catch (error) {
      await handle.close();
      await unlink(path);
      throw error;
    }
    return segmentFile(handle);
  },
  async reopen(path, bytes) {
    await truncate(path, bytes);
    return segmentFile(await open(path, 'r+'));
  },
  remove: (path) => unlink(path),
};

/** The system takes at most 1,024 pieces a call (IOV_MAX). */
const MAX_PIECES = 1024;

function segmentFile(handle: FileHandle): SegmentFile {
  return {
    async write(pieces, offset) {
      let at = offset;
      for (let from = 0; from < pieces.length; from += MAX_PIECES) {
        at += await writeAll(handle, pieces.slice(from, from + MAX_PIECES), at);
      }
    },
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** One writev, and the rest piece by piece where the system took only a part (a disk that just became full does). */
async function writeAll(handle: FileHandle, pieces: readonly Buffer[], offset: number): Promise<number> {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const { bytesWritten } = await handle.writev(pieces, offset);
  if (bytesWritten < total) {
    const rest = Buffer.concat(pieces).subarray(bytesWritten);
    for (let done = 0; done < rest.length;) {
      done += (await handle.write(rest, done, rest.length - done, offset + bytesWritten + done)).bytesWritten;
    }
  }
  return total;
}
