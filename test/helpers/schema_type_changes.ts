import {
  NOBODY,
  READERS,
  OLD_READERS,
  NEW_READERS,
  structS,
  FIRST,
  LEVELS,
  type SchemaChange,
} from './schema_change.ts';

export const CONTAINER_CHANGES: readonly SchemaChange[] = [
  {
    name: 'a list becomes a set',
    old: structS('2: list<i32> b'),
    now: structS('2: set<i32> b'),
    changes: { 'S.2 b': READERS },
    writes: { old: { ...FIRST, b: [1] }, now: { ...FIRST, b: [1] } },
  },
  {
    name: "a list's elements get another type",
    old: structS('2: list<i32> b'),
    now: structS('2: list<i64> b'),
    changes: { 'S.2 b': READERS },
    writes: { old: { ...FIRST, b: [1, 2, 3] }, now: { ...FIRST, b: [1, 2, 3] } },
  },
  {
    name: "a map's values get another type",
    old: structS('2: map<string, i32> b'),
    now: structS('2: map<string, string> b'),
    changes: { 'S.2 b': READERS },
    writes: { old: { ...FIRST, b: { k: 1 } }, now: { ...FIRST, b: { k: 'v' } } },
  },
  {
    name: 'deep inside a list of maps of lists a type is changed',
    old: structS('2: list<map<string, list<i16>>> b'),
    now: structS('2: list<map<string, list<double>>> b'),
    changes: { 'S.2 b': READERS },
    writes: { old: { ...FIRST, b: [{ k: [1] }] }, now: { ...FIRST, b: [{ k: [0.5] }] } },
  },
  {
    name: 'a struct inside gets another name',
    old: `struct T { 1: i32 t } ${structS('2: T b')}`,
    now: `struct U { 1: i32 t } ${structS('2: U b')}`,
    changes: { 'struct U': NOBODY },
    writes: { old: { ...FIRST, b: { t: 1 } }, now: { ...FIRST, b: { t: 2 } } },
  },
  {
    name: 'a struct inside is exchanged for one with another type',
    old: `struct T { 1: i32 t } ${structS('2: T b')}`,
    now: `struct U { 1: string t } ${structS('2: U b')}`,
    changes: { 'struct U': NOBODY, 'U.1 t': READERS },
    writes: { old: { ...FIRST, b: { t: 1 } }, now: { ...FIRST, b: { t: 'x' } } },
  },
  {
    name: 'a struct that holds itself grows',
    old: 'struct S { 1: string a, 2: optional list<S> b }',
    now: 'struct S { 1: string a, 2: optional list<S> b, 3: optional bool c }',
    changes: { 'S.3 c': NOBODY },
    writes: { old: FIRST, now: { ...FIRST, c: true } },
  },
];

export const KIND_CHANGES: readonly SchemaChange[] = [
  {
    name: 'a union gets another member',
    old: 'union S { 1: i32 a }',
    now: 'union S { 1: i32 a, 2: string b }',
    changes: { 'S.2 b': NOBODY },
    writes: { old: { a: 1 }, now: { a: 1 } },
  },
  {
    name: 'a union becomes a struct',
    old: 'union S { 1: i32 a }',
    now: 'struct S { 1: i32 a }',
    changes: { 'struct S': OLD_READERS, 'S.1 a': NOBODY },
  },
  {
    name: 'a struct becomes an exception',
    old: 'struct S { 1: i32 a }',
    now: 'exception S { 1: i32 a }',
    changes: { 'exception S': NOBODY },
  },
  {
    name: 'a value is added to an enum',
    old: `enum Level { INFO = 1 } ${LEVELS}`,
    now: `enum Level { INFO = 1, WARN = 2 } ${LEVELS}`,
    changes: { 'Level.WARN': NOBODY },
    writes: { old: { level: 'INFO' }, now: { level: 'INFO' } },
  },
  {
    name: 'a value is removed from an enum',
    old: `enum Level { INFO = 1, WARN = 2 } ${LEVELS}`,
    now: `enum Level { INFO = 1 } ${LEVELS}`,
    changes: { 'Level.WARN': NEW_READERS },
    writes: { old: { level: 'WARN' }, now: { level: 'INFO' } },
  },
  {
    name: 'a value of an enum gets another name',
    old: `enum Level { INFO = 1 } ${LEVELS}`,
    now: `enum Level { NOTICE = 1 } ${LEVELS}`,
    changes: { 'Level.NOTICE': NOBODY },
    writes: { old: { level: 'INFO' }, now: { level: 'NOTICE' } },
  },
  {
    name: 'an enum without numbers gets a value in its middle',
    old: `enum Level { INFO, WARN } ${LEVELS}`,
    now: `enum Level { INFO, NOTICE, WARN } ${LEVELS}`,
    changes: { 'Level.WARN': READERS, 'Level.NOTICE': READERS },
    writes: { old: { level: 'WARN' }, now: { level: 'WARN' } },
  },
  {
    name: 'an enum becomes an i32',
    old: `enum Level { INFO = 1 } ${LEVELS}`,
    now: `enum Level { INFO = 1 } struct S { 1: string a, 2: i32 level }`,
    changes: { 'S.2 level': OLD_READERS },
  },
  {
    name: 'a constant and a namespace change',
    old: 'namespace js a const i32 ONE = 1 struct S { 1: i32 a }',
    now: 'namespace js b const i32 ONE = 2 struct S { 1: i32 a }',
    changes: { 'const ONE': NOBODY, 'namespace js': NOBODY },
  },
];
