import type { Cursor } from './cursor.ts';
import { expectDepth, expectElements, expectString, type ThriftLimits } from './limits.ts';
import { TYPE } from './value_type.ts';

/** Something that is open around the place where the scan stands. */
interface Level {
  /** Undefined for a struct. */
  readonly elementType: number | undefined;
  /** Of a map: every other element is of this type. */
  readonly valueType: number;
  /** Elements that are still to come. */
  left: number;
  /** Where a struct goes on when what is in it has ended. */
  readonly fieldId: number;
}

/**
 * Finds the end of a struct, looking at each byte once however they arrive, and checks its grammar and the limits: behind
 * it a walk need not look out for the end of the bytes.
 */
export class StructScanner {
  readonly #limits: ThriftLimits;
  #levels: Level[] = [];
  /** The type of a value that has been announced and not begun; STOP: none has. */
  #due: number = TYPE.STOP;
  #isField = false;
  /** Bytes of a value that are to be stepped over. */
  #owed = 0;

  constructor(limits: ThriftLimits) {
    this.#limits = limits;
  }

  /** Begins with a struct that the cursor stands in front of. */
  begin(cursor: Cursor): void {
    this.#levels = [];
    this.#due = TYPE.STOP;
    this.#owed = 0;
    this.#open(cursor);
  }

  /** True when the cursor stands behind the struct; false when it needs more bytes. Throws ThriftError. */
  scan(cursor: Cursor): boolean {
    for (;;) {
      if (this.#owed > 0 && !this.#stepOver(cursor)) return false;
      if (this.#due === TYPE.STOP) {
        if (!this.#next(cursor)) return false;
        if (this.#levels.length === 0) return true;
      } else if (!this.#value(cursor, this.#due)) return false;
    }
  }

  /** Finds what comes next on the innermost level, or closes it. */
  #next(cursor: Cursor): boolean {
    const level = this.#levels.at(-1);
    if (level === undefined) return true;
    if (level.elementType === undefined) {
      if (!cursor.field()) return false;
      if (cursor.type === TYPE.STOP) this.#close(cursor);
      else {
        this.#due = cursor.type;
        this.#isField = true;
      }
    } else if (level.left === 0) this.#close(cursor);
    else {
      const isValue = level.valueType !== TYPE.STOP && level.left % 2 === 1;
      this.#due = isValue ? level.valueType : level.elementType;
      this.#isField = false;
      level.left -= 1;
    }
    return true;
  }

  /** Begins the value that is due. */
  #value(cursor: Cursor, type: number): boolean {
    switch (type) {
      case TYPE.STRING:
        if (!cursor.string()) return false;
        expectString(cursor.length, this.#limits);
        this.#owed = cursor.length;
        break;
      case TYPE.STRUCT:
        this.#open(cursor);
        break;
      case TYPE.LIST:
      case TYPE.SET:
        if (!cursor.list()) return false;
        this.#openContainer(cursor, cursor.elementType, TYPE.STOP);
        break;
      case TYPE.MAP:
        if (!cursor.map()) return false;
        this.#openContainer(cursor, cursor.elementType, cursor.valueType);
        break;
      default: {
        const size = cursor.sizeOf(type, this.#isField);
        const takesNothing = type === TYPE.BOOL && size === 0;
        if (size > 0) this.#owed = size;
        else if (!takesNothing && !cursor.skipVarying()) return false;
      }
    }
    this.#due = TYPE.STOP;
    return true;
  }

  #stepOver(cursor: Cursor): boolean {
    const step = Math.min(this.#owed, cursor.end - cursor.at);
    cursor.at += step;
    this.#owed -= step;
    return this.#owed === 0;
  }

  #open(cursor: Cursor): void {
    this.#push({ elementType: undefined, valueType: TYPE.STOP, left: 0, fieldId: cursor.fieldId });
    cursor.fieldId = 0;
  }

  /** Elements of one fixed size are stepped over at once. */
  #openContainer(cursor: Cursor, elementType: number, valueType: number): void {
    const { count } = cursor;
    expectElements(count, this.#limits);
    if (count === 0) return;
    const size = valueType === TYPE.STOP ? cursor.sizeOf(elementType, false) : 0;
    if (size > 0) this.#owed = count * size;
    else {
      const left = valueType === TYPE.STOP ? count : count * 2;
      this.#push({ elementType, valueType, left, fieldId: cursor.fieldId });
    }
  }

  #push(level: Level): void {
    expectDepth(this.#levels.length + 1, this.#limits);
    this.#levels.push(level);
  }

  #close(cursor: Cursor): void {
    cursor.fieldId = this.#levels.pop()?.fieldId ?? 0;
  }
}
