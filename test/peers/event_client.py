"""An event client that knows append and consume alone: calls them in every protocol over every transport, and prints a JSON line a call."""
import json
import sys

generated, port = sys.argv[1], int(sys.argv[2])
sys.path.insert(0, generated)

from minimal_event_service import EventService
from minimal_event_service.ttypes import Event
from thrift.Thrift import TApplicationException
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol, "json": TJSONProtocol}
TRANSPORTS = {"framed": TFramedTransport, "buffered": TBufferedTransport}


def call(name, method, event):
    try:
        answer = method(event)
        print(json.dumps({"call": name, "answer": answer}))
    except TApplicationException as error:
        print(json.dumps({"call": name, "type": error.type, "error": error.message}))


for protocol_name, protocol in PROTOCOLS.items():
    for transport_name, transport in TRANSPORTS.items():
        for is_named in (False, True):
            name = f"{protocol_name} {transport_name}{' named' if is_named else ''}"
            line = transport(TSocket("127.0.0.1", port))
            line.open()
            plain = protocol(line)
            client = EventService.Client(TMultiplexedProtocol(plain, "EventService") if is_named else plain)
            payload = bytes(range(256)) + name.encode()
            call(f"{name} append", client.append, Event(f"a {name}", "appended", 1700000000123, payload))
            call(f"{name} consume", client.consume, Event(f"c {name}", "consumed", -(2**62) - 1, b""))
            call(f"{name} again", client.append, Event(f"a {name}", "appended", 1700000000123, payload))
            call(f"{name} other", client.append, Event(f"a {name}", "another", 1, payload))
            call(f"{name} invalid", client.consume, Event("", "consumed", 1, b""))
            call(f"{name} after", client.consume, Event(f"d {name}", "consumed", 1, b""))
            line.close()
