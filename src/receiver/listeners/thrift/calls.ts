/** Finds who answers a call, and makes an answer of whatever comes of it. */
import { encodeException, type Asked } from '../../../thrift/answer.ts';
import { MESSAGE_TYPE, type Message } from '../../../thrift/message.ts';
import type { ThriftMethod, ThriftService } from '../../../thrift/service.ts';
import { ThriftError } from '../../../thrift/thrift_error.ts';

/** A method that was found. */
export interface Found {
  /** As it is counted: `Service.method`. */
  readonly label: string;
  readonly method: string;
  /** Its answer may be megabytes. */
  readonly isLarge: boolean;
  readonly answer: ThriftMethod;
}

/** All methods of some services, by `method` and by `Service:method`. */
export class Directory {
  readonly #methods = new Map<string, Found>();

  /** Throws where two services have a method of one name: without a service's name nobody could say which is meant. */
  constructor(services: readonly ThriftService[]) {
    for (const { name, methods, largeMethods } of services) {
      for (const [method, answer] of methods) {
        const isLarge = largeMethods?.has(method) === true;
        const found = { label: `${name}.${method}`, method, isLarge, answer };
        const other = this.#methods.get(method);
        if (other !== undefined) throw new Error(`${other.label} and ${found.label} have one name`);
        this.#methods.set(method, found).set(`${name}:${method}`, found);
      }
    }
  }

  isLarge({ name }: Message): boolean {
    return this.#methods.get(name)?.isLarge === true;
  }

  /** Throws ThriftError where there is no such method, or the message is no call. */
  find({ name, type }: Message): Found {
    if (type !== MESSAGE_TYPE.CALL && type !== MESSAGE_TYPE.ONEWAY)
      throw new ThriftError('wrong_message_type', `a message of type ${type} is no call`);
    const found = this.#methods.get(name);
    if (found === undefined) throw new ThriftError('unknown_method', `there is no method ${name} here`);
    return found;
  }
}

/** Throws where a directory of these services could not be made. */
export function expectDistinct(services: readonly ThriftService[]): void {
  new Directory(services);
}

/** Behind the name of a service, if there is one. */
export const methodOf = (name: string): string => name.slice(name.lastIndexOf(':') + 1);

/** To the caller, or undefined where nobody waits for it. What is no ThriftError is not told: it may say much of the inside. */
export function exceptionOf(error: unknown, asked: Asked, isOneway: boolean): Buffer | undefined {
  if (isOneway) return undefined;
  return encodeException(asked, error instanceof ThriftError ? error : INTERNAL);
}

const INTERNAL = new ThriftError('internal', 'the call failed inside the receiver: its log says why');
