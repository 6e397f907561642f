import { DATA, type Change } from './change.ts';
import type { EnumDefinition } from './schema.ts';

/** What changed in an enum: its numbers are on the wire, its names are not. */
export function compareEnum(old: EnumDefinition, now: EnumDefinition): Change[] {
  const [oldNames, newNames] = [namesByNumber(old), namesByNumber(now)];
  const names = [...new Set([...old.members.keys(), ...now.members.keys()])];
  return names.flatMap((name): Change[] => {
    const [before, after] = [old.members.get(name), now.members.get(name)];
    const where = `${now.name}.${name}`;
    if (before === after) return [];
    if (before !== undefined && after !== undefined)
      return [
        {
          where,
          what: `number changed, ${before} to ${after}`,
          hurts: [DATA.old, DATA.new],
          why: `numbers are what is on the wire: ${before} and ${after} mean something else to each side`,
        },
      ];
    if (after !== undefined) return addedMember(where, after, oldNames.get(after), now);
    const number = before as number;
    // What has the number now is told as renamed, or as a change of its own number.
    return newNames.has(number) ? [] : [removedMember(where, number)];
  });
}

const namesByNumber = ({ members }: EnumDefinition): ReadonlyMap<number, string> =>
  new Map([...members].map(([name, number]) => [number, name]));

/** A number that had another name is renamed, unless that name has gone to another number. */
function addedMember(
  where: string,
  number: number,
  oldName: string | undefined,
  now: EnumDefinition,
): Change[] {
  if (oldName === undefined)
    return [
      {
        where,
        what: `added, ${number}`,
        hurts: [],
        why: 'old readers get a number without a name (Java: null): write it once they are new',
      },
    ];
  if (now.members.has(oldName) && now.members.get(oldName) === number)
    return [{ where, what: `added, ${number}`, hurts: [], why: `another name for ${oldName}` }];
  return [
    {
      where,
      what: `renamed, was ${oldName}`,
      hurts: now.members.has(oldName) ? [DATA.old, DATA.new] : [],
      why: now.members.has(oldName)
        ? `${oldName} has another number now: each side takes ${number} for something else`
        : 'names are not on the wire; code that uses it has to follow',
    },
  ];
}

const removedMember = (where: string, number: number): Change => ({
  where,
  what: `removed, ${number}`,
  hurts: [DATA.new],
  why: 'new readers of old data get a number they have no name for. Never use it again',
});
