const FIRST_BYTES = 64 * 1024;

/** Of a character that is one or two units of UTF-16, per unit. */
const UTF8_MAX_BYTES = 3;

/** A buffer that grows. Who writes asks for `room` first; nothing below looks again. */
export class ByteWriter {
  bytes = Buffer.allocUnsafe(FIRST_BYTES);
  length = 0;

  /** Makes sure that so many bytes fit behind what is written. */
  room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  byte(value: number): void {
    this.bytes[this.length] = value;
    this.length += 1;
  }

  int16(value: number): void {
    this.length = this.bytes.writeInt16BE(value, this.length);
  }

  int32(value: number): void {
    this.length = this.bytes.writeInt32BE(value, this.length);
  }

  /** A whole number of up to 2^53, seven bits a byte, the lowest first. */
  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = rest > 0x7fffffff ? Math.floor(rest / 0x80) : rest >>> 7)
      this.byte((rest % 0x80) | 0x80);
    this.byte(rest);
  }

  /** Text as UTF-8, for which it makes room; the answer is how many bytes it took. */
  text(value: string): number {
    this.room(value.length * UTF8_MAX_BYTES);
    const count = this.bytes.write(value, this.length);
    this.length += count;
    return count;
  }

  /** A copy of what was written since `start`. */
  copy(start = 0): Buffer {
    return Buffer.from(this.bytes.subarray(start, this.length));
  }
}
