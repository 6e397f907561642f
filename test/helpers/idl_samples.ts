/** Thrift's IDL as users write it, and as nobody should; whether the compiler takes each is asked of the compiler. */
export const IDL_SAMPLES: Readonly<Record<string, string>> = {
  'an empty file': '',
  'a mark of byte order': '\uFEFFstruct A { 1: i32 a }',
  'lines that end as on Windows': 'struct A {\r\n  1: i32 a\r\n}\r\n',
  'namespaces, of any scope and with annotations':
    'namespace * a.b\nnamespace py.twisted c\nnamespace java d.e (uri = "x")\nstruct A {}',
  'a C++ include and C++ types':
    'cpp_include "x.h"\ntypedef map cpp_type "M" <i32, i32> M\nstruct A { 1: list<i32> cpp_type "L" a, 2: set cpp_type "S" <i32> b }',
  'all base types':
    'struct A { 1: bool a, 2: byte b, 3: i8 c, 4: i16 d, 5: i32 e, 6: i64 f, 7: double g, 8: string h, 9: binary i }',
  'nested containers': 'struct K { 1: i32 a } struct A { 1: map<K, list<set<map<string, i32>>>> a }',
  'separators of all kinds, and none':
    'typedef i32 X;\ntypedef i32 Y,\nstruct A { 1: X a; 2: Y b, 3: i32 c 4: i32 d }\nservice S { void f(); void g(), void h() void i(1: i32 a 2: i32 b) }',
  'comments everywhere':
    '/**/ /***/ /** doc */ struct /* x */ A { // y\n 1 /* z */: # w\n i32 /* v */ a #\n } //',
  'ids in hexadecimal, negative, zero, or missing':
    'struct A { 0x10: i32 a, -1: i32 b, i32 c, 0: i32 d, 5: i32 e }',
  'fields called constructor, toString and __proto__':
    'struct A { 1: i32 constructor, 2: i32 toString, 3: i32 __proto__ }',
  'defaults of all kinds':
    'enum E { A = 1, B }\nstruct T { 1: i32 a }\nstruct S { 1: E e = E.A, 2: E f = 2, 3: list<i32> g = [1, 2], 4: map<string, i32> h = {"a": 1}, 5: bool i = true, 6: bool j = 1, 7: double k = 1e-3, 8: T l = {"a": 1}, 9: string m = \'it"s\', 10: double n = .5 }',
  'constants of all kinds':
    'const i32 A = +5\nconst i32 B = A\nconst i64 C = 0x7fff\nconst map<i32, i32> D = { 1: 2; 3: 4 5: 6 }\nconst list<i32> E = [1 2; 3,]\nconst string F = "a\\nb\\"c"\nconst double G = -1.5e+10',
  'enums with negative, repeated and missing numbers, and annotations':
    'enum A { X = -1, Y, Z = 0x10 (a = "b"), W = 0x10; } (c = "d")',
  'annotations of structs, fields and types':
    'typedef string (a = "b") X\nstruct A { 1: i32 a (k = "v", z), 2: list<i32 (a = "b")> (c = "d") b } (x = "y")',
  'a union, an exception and required fields':
    'union U { 1: required i32 a, 2: string b } exception E { 1: required string why, 2: optional i32 code }',
  'services that extend, throw and are oneway':
    'exception E {}\nservice A { oneway void f(1: i32 a) async void g() }\nservice B extends A { i32 h(1: required i32 a, 2: optional i32 b) throws (1: E e) (x = "y") void i() throws () } (z = "w")',
  'types that are used before they are defined':
    'struct S { 1: T a, 2: U b } struct T { 1: i32 a } typedef i32 U',
  'a struct that holds itself': 'struct S { 1: optional list<S> a, 2: optional S & b }',
  'options for XML schemas': 'struct A xsd_all { 1: i32 a xsd_optional xsd_nillable xsd_attrs { 1: i32 b } }',
  slist: 'struct A { 1: slist a }',
  senum: 'senum A { "a", "b" }',
  'a reserved word as a field': 'struct A { 1: i32 service }',
  'a word that is a type as a field': 'struct A { 1: i32 list }',
  'a dash in a name': 'struct A-B { 1: i32 a }',
  'a letter that is not ASCII': 'struct A { 1: string é }',
  'a number that ends in a point': 'const double A = 5.',
  'a semicolon behind a struct': 'struct A { 1: i32 a };',
  'an include behind a definition': 'struct A {}\ninclude "b.thrift"',
  'struct twice': 'struct struct A {}',
  'a brace that is missing': 'struct A { 1: i32 a',
  'a type that is missing': 'struct A { 1: a }',
  'a word that is nothing': 'hello world',
  'an interaction': 'interaction A { void f() }',
  'a type that is not there': 'struct A { 1: Nothing a }',
  'an exception that is not there': 'service A { void f() throws (1: E e) }',
  'a service that is not there': 'service A extends B {}',
  'an id twice': 'struct A { 1: i32 a, 1: i32 b }',
  'a name twice': 'struct A { 1: i32 a, 2: i32 a }',
  'a definition twice': 'struct A {} struct A {}',
  'a value of an enum twice': 'enum A { X = 1, X = 2 }',
  'a value of an enum of more than 32 bits': 'enum A { X = 4294967296 }',
  'oneway, and throws': 'exception E {} service A { oneway void f() throws (1: E e) }',
  ...Object.fromEntries(
    [
      ...['i32 A = "x"', 'string A = 5', 'i32 A = 1.5', 'double A = 5', 'bool A = 2', 'i32 A = true'],
      ...['bool A = 1.0', 'list<i32> A = {}', 'map<i32, i32> A = []', 'list<i32> A = ["x"]', 'i32 A = []'],
      ...[
        'string A = true',
        'binary A = "x"',
        'double A = "x"',
        'string A = B',
        'map<string, i32> A = {"a": "b"}',
      ],
      ...['i32 A = B.C', 'list<i32> A = 5', 'i8 A = 300'],
    ].map((constant) => [`const ${constant}`, `const ${constant}`]),
  ),
  'a constant of a number that is text': 'const string S = "x"\nconst i32 A = S',
  'a value of an enum for an i32': 'enum E { X }\nconst i32 A = E.X',
  'a default of another type': 'struct A { 1: i32 a = "x" }',
  'a struct that is thrown': 'struct E {} service A { void f() throws (1: E e) }',
};

/** What we refuse and the compiler takes, or hangs on; and why. */
export const REFUSED_BY_US: Readonly<Record<string, string>> = {
  'an id of more than 16 bits, which no protocol can write': 'struct A { 32768: i32 a }',
};

/** What hangs the compiler is not asked of it. */
export const NEVER_ENDING: Readonly<Record<string, string>> = {
  'a string that does not end': 'const string A = "abc',
  'a string that ends on the next line': 'const string A = "a\nb"',
  'a comment that does not end': 'struct A {} /* abc',
};
