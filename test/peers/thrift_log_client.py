"""Clients of every generation of the schema, made by the ordinary compiler, in every protocol and transport.

thrift_log_client.py FOLDER PORT MODULE...   FOLDER: where the compiler put the modules

Each module sends one entry by sendLog and two by sendLogs. A line of JSON tells what was answered.
"""

import importlib
import json
import sys

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.Thrift import TApplicationException
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol, "json": TJSONProtocol}
TRANSPORTS = {"framed": TFramedTransport, "buffered": TBufferedTransport}
TIMESTAMP = 1_700_000_000_000


def event_of(types, message):
    """An entry with every field its generation has, found by id: names differ."""
    values = {1: TIMESTAMP, 2: "shop", 3: "web-1", 4: message, 5: "WARN", 7: ["a", "ä"], 8: {"paid": 2**62}}
    if hasattr(types, "Origin"):
        values[6] = types.Origin(file="main.c", line=42)
    if types.__name__.startswith("changed_type"):
        values[1] = "yesterday"
    if types.__name__.startswith("reused_id"):
        values[5] = 7
    fields = [spec for spec in types.LogEvent.thrift_spec if spec is not None]
    return types.LogEvent(**{spec[2]: values[spec[0]] for spec in fields})


def answer_to(call):
    try:
        return {"answer": call()}
    except TApplicationException as error:
        return {"type": error.type, "error": error.message}


def send(module, port, protocol, transport):
    service = importlib.import_module(f"{module}.LogIngestionService")
    types = importlib.import_module(f"{module}.ttypes")
    connection = TRANSPORTS[transport](TSocket("127.0.0.1", port))
    client = service.Client(PROTOCOLS[protocol](connection))
    name = f"{module} {protocol} {transport}"
    connection.open()
    one = answer_to(lambda: client.sendLog(event_of(types, f"{name} 1")))
    two = answer_to(lambda: client.sendLogs([event_of(types, f"{name} {n}") for n in (2, 3)]))
    connection.close()
    print(json.dumps({"client": name, "one": one, "two": two}), flush=True)


def main():
    folder, port, *modules = sys.argv[1:]
    sys.path.insert(0, folder)
    for module in modules:
        for protocol in PROTOCOLS:
            for transport in TRANSPORTS:
                send(module, int(port), protocol, transport)


main()
