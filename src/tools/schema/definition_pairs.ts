import { DATA, type Change } from './change.ts';
import { compareEnum } from './compare_enums.ts';
import { compareFields } from './compare_fields.ts';
import { typeMismatch, type Meet } from './compare_types.ts';
import type { EnumDefinition, StructDefinition } from './schema.ts';

/**
 * Definitions that stand for one another: of the same name, or where a field's type was one and is the other. Each pair is
 * compared once, so that types which hold themselves come to an end.
 */
export class DefinitionPairs implements Meet {
  readonly #met = new Map<object, Set<object>>();
  readonly #partners = new Set<object>();
  readonly #waiting: (() => Change[])[] = [];

  structs(old: StructDefinition, now: StructDefinition): void {
    if (this.#isNew(old, now)) this.#waiting.push(() => this.#compareStructs(old, now));
  }

  enums(old: EnumDefinition, now: EnumDefinition): void {
    if (this.#isNew(old, now))
      this.#waiting.push(() => [...renamed('enum', old.name, now.name), ...compareEnum(old, now)]);
  }

  /** Does this definition, of either schema, stand for one of the other? */
  isPartner(definition: object): boolean {
    return this.#partners.has(definition);
  }

  /** The changes of all pairs, those that are met on the way too. */
  compareAll(): Change[] {
    const changes: Change[] = [];
    for (let at = 0; at < this.#waiting.length; at += 1)
      for (const change of this.#waiting[at]?.() ?? []) changes.push(change);
    return changes;
  }

  #compareStructs(old: StructDefinition, now: StructDefinition): Change[] {
    const asType = (definition: StructDefinition) => ({ kind: 'struct', definition }) as const;
    const mismatch = typeMismatch(asType(old), asType(now), DATA, this);
    const context = { owner: now.name, kind: now.kind, sides: DATA, meet: this };
    return [
      ...renamed(now.kind, old.name, now.name),
      ...(old.kind === now.kind ? [] : [kindChange(old, now, mismatch)]),
      ...compareFields(old.fields, now.fields, context),
    ];
  }

  #isNew(old: object, now: object): boolean {
    const met = this.#met.get(old) ?? new Set();
    this.#met.set(old, met);
    const isNew = !met.has(now);
    met.add(now);
    for (const definition of [old, now]) this.#partners.add(definition);
    return isNew;
  }
}

function kindChange(
  old: StructDefinition,
  now: StructDefinition,
  mismatch: ReturnType<typeof typeMismatch>,
): Change {
  const where = `${now.kind} ${now.name}`;
  const what = `was a${old.kind === 'exception' ? 'n' : ''} ${old.kind}`;
  return mismatch === undefined
    ? { where, what, hurts: [], why: 'structs and exceptions are the same on the wire' }
    : { where, what, ...mismatch };
}

function renamed(kind: string, old: string, now: string): Change[] {
  if (old === now) return [];
  const why = `names of ${kind === 'enum' ? 'enums' : 'structs'} are not on the wire; code that uses it has to follow`;
  return [{ where: `${kind} ${now}`, what: `stands where ${old} stood`, hurts: [], why }];
}
