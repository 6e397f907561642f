"""What code that the ordinary compiler made of two schemas does with one another's data and calls.

thrift_evolution.py FOLDER CASES   CASES: a JSON file, [{"writes": …, "calls": …}, …]; of case n the modules are old_n, now_n

A line of JSON for each case: whether each side understands the other, and what happened if not.
"""

import importlib
import json
import sys

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

PROTOCOLS = [TBinaryProtocol, TCompactProtocol, TJSONProtocol]


class Misread(Exception):
    pass


def value_of(types, spec, value):
    """What a test wrote in JSON as the value of a field; of an enum, the field is named as the enum."""
    kind, name, details = spec[1], spec[2], spec[3]
    if kind == TType.STRUCT:
        return struct_of(types, details[0], value)
    if kind == TType.SET:
        return set(value)
    if kind == TType.I32 and isinstance(value, str):
        return getattr(types, name.capitalize())._NAMES_TO_VALUES[value]
    if isinstance(value, dict) and "binary" in value:
        return bytes.fromhex(value["binary"])
    return value


def struct_of(types, kind, values):
    specs = {spec[2]: spec for spec in kind.thrift_spec if spec is not None}
    return kind(**{name: value_of(types, specs[name], value) for name, value in values.items()})


def expect(what, written, read):
    if type(written) is not type(read) or written != read:
        raise Misread(f"{what}: {written!r} was read as {read!r}")


def compare(what, written, read):
    """Fields that both know, by id and by name, must be the same; what one does not know it may leave out."""
    ours = {spec[0]: spec for spec in written.thrift_spec if spec is not None}
    theirs = {spec[0]: spec for spec in read.thrift_spec if spec is not None}
    by_name = {spec[2]: spec for spec in theirs.values()}
    for id, spec in ours.items():
        value = getattr(written, spec[2])
        for other in (theirs.get(id), by_name.get(spec[2])):
            if other is None:
                continue
            if spec[1] == TType.STRUCT and other[1] == TType.STRUCT and value is not None:
                compare(f"{what}.{id}", value, getattr(read, other[2]))
            else:
                expect(f"{what}.{id}", value, getattr(read, other[2]))


def compare_enums(writers, readers, written, read):
    for spec in written.thrift_spec:
        enum = spec and getattr(writers, spec[2].capitalize(), None)
        number = enum and getattr(written, spec[2])
        if number is None or not hasattr(enum, "_VALUES_TO_NAMES"):
            continue
        name = enum._VALUES_TO_NAMES[number]
        known = getattr(readers, spec[2].capitalize())
        if known._NAMES_TO_VALUES.get(name, number) != number or number not in known._VALUES_TO_NAMES:
            raise Misread(f"{name} was read as {known._VALUES_TO_NAMES.get(number)}")


def write_and_read(writers, readers, values):
    written = struct_of(writers, writers.S, values)
    for protocol in PROTOCOLS:
        memory = TMemoryBuffer()
        written.write(protocol(memory))
        read = readers.S()
        read.read(protocol(TMemoryBuffer(memory.getvalue())))
        read.validate()  # what C++ and Java do by themselves
        compare("S", written, read)
        compare_enums(writers, readers, written, read)


class Handler:
    def __init__(self, types, returns, throws):
        self.types, self.returns, self.throws = types, returns, throws
        self.received = ()

    def __getattr__(self, name):
        def handle(*arguments):
            self.received = arguments
            if self.throws:
                raise getattr(self.types, self.throws)(why="so")
            return self.returns

        return handle


def call(caller, server, calls, side, other):
    calling, serving = (importlib.import_module(f"{module}.Calls") for module in (caller, server))
    types = importlib.import_module(f"{server}.ttypes")
    arguments = calls[side]
    throws = calls.get("throws", {}).get(other)
    request, response = TMemoryBuffer(), TMemoryBuffer()
    handler = Handler(types, calls.get("returns"), throws)
    client = calling.Client(TBinaryProtocol(request), TBinaryProtocol(request))
    getattr(client, f"send_{calls['method']}")(*arguments)
    serving.Processor(handler).process(TBinaryProtocol(TMemoryBuffer(request.getvalue())), TBinaryProtocol(response))
    for sent, received in zip(arguments, handler.received):
        expect("argument", sent, received)
    answered = response.getvalue()
    receive = getattr(client, f"recv_{calls['method']}", None)
    if receive is None:
        if answered:
            raise Misread("a oneway call was answered")
        return
    client._iprot = TBinaryProtocol(TMemoryBuffer(answered))
    try:
        returned = receive()
    except Exception as error:
        if throws and type(error).__name__ == throws:
            return
        raise
    if throws:
        raise Misread(f"{throws} was taken for success")


def outcome(run):
    try:
        run()
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def judge(number, case):
    old, now = f"old_{number}", f"now_{number}"
    if "writes" in case:
        types = [importlib.import_module(f"{module}.ttypes") for module in (old, now)]
        return {
            "old readers": outcome(lambda: write_and_read(types[1], types[0], case["writes"]["now"])),
            "new readers": outcome(lambda: write_and_read(types[0], types[1], case["writes"]["old"])),
        }
    calls = case["calls"]
    both = [importlib.import_module(f"{module}.Calls") for module in (old, now)]
    found = {"old callers": outcome(lambda: call(old, now, calls, "old", "now"))}
    if hasattr(both[1].Client, calls["method"]):
        found["old servers"] = outcome(lambda: call(now, old, calls, "now", "old"))
    return found


def main():
    folder, cases = sys.argv[1:]
    sys.path.insert(0, folder)
    with open(cases, encoding="utf-8") as file:
        for number, case in enumerate(json.load(file)):
            print(json.dumps(judge(number, case)), flush=True)


main()
