import { showType, type Fields, type Schema } from './schema.ts';

/** A schema for programs: definitions by name, fields by id. */
export function schemaJson({ structs, enums, services, constants }: Schema): string {
  const ofEach = <T>(map: ReadonlyMap<string, T>, show: (value: T) => unknown): object =>
    Object.fromEntries([...map].map(([name, value]) => [name, show(value)]));
  return `${JSON.stringify({
    structs: ofEach(structs, ({ kind, fields }) => ({ kind, fields: shownFields(fields) })),
    enums: ofEach(enums, ({ members }) => Object.fromEntries(members)),
    services: ofEach(services, ({ methods }) =>
      ofEach(methods, (method) => ({
        oneway: method.isOneway,
        returns: method.returns === undefined ? 'void' : showType(method.returns),
        arguments: shownFields(method.arguments),
        throws: shownFields(method.throws),
      })),
    ),
    constants: ofEach(constants, ({ type, value }) => ({
      type: showType(type),
      value: JSON.parse(value) as unknown,
    })),
  })}\n`;
}

const shownFields = (fields: Fields): object[] =>
  [...fields.values()].map(({ id, name, requiredness, type, value }) => ({
    id,
    name,
    requiredness,
    type: showType(type),
    ...(value === undefined ? {} : { default: JSON.parse(value) as unknown }),
  }));
