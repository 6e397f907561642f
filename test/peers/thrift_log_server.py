"""Ordinary Thrift servers of every generation of the schema, in every protocol and transport.

thrift_log_server.py FOLDER MODULE...   FOLDER: where the compiler put the modules

A line of JSON tells the port of each; after it each entry received is a line with its fields by id. An entry whose message
is `refuse` is answered with an exception, one of `leave` with the end of the process. The server `multiplexed` is binary
and framed, and wants the service's name.
"""

import importlib
import json
import os
import sys
import threading

from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory
from thrift.protocol.TCompactProtocol import TCompactProtocolFactory
from thrift.protocol.TJSONProtocol import TJSONProtocolFactory
from thrift.server.TServer import TSimpleServer, TThreadedServer
from thrift.TMultiplexedProcessor import TMultiplexedProcessor
from thrift.transport.TSocket import TServerSocket
from thrift.transport.TTransport import TBufferedTransportFactory, TFramedTransportFactory

PROTOCOLS = {"binary": TBinaryProtocolFactory, "compact": TCompactProtocolFactory, "json": TJSONProtocolFactory}
TRANSPORTS = {"framed": TFramedTransportFactory, "buffered": TBufferedTransportFactory}
WRITING = threading.Lock()


def tell(what):
    with WRITING:
        print(json.dumps(what), flush=True)


class Handler:
    def __init__(self, name, types):
        self.name = name
        self.fields = [spec for spec in types.LogEvent.thrift_spec if spec is not None]

    def take(self, event):
        values = {spec[0]: getattr(event, spec[2]) for spec in self.fields}
        if values[4] == "refuse":
            raise ValueError("no room")
        if values[4] == "leave":
            os._exit(0)
        tell({"server": self.name, "event": {id: value for id, value in values.items() if value is not None}})

    def sendLog(self, log):
        self.take(log)

    def sendLogs(self, logs):
        for log in logs:
            self.take(log)
        return len(logs)


class BoundSocket(TServerSocket):
    """Listens once, on any free port, so that it can be told before serving."""

    def __init__(self):
        super().__init__("127.0.0.1", 0)
        super().listen()
        self.free_port = self.handle.getsockname()[1]

    def listen(self):
        pass


def serve(name, processor, transport, protocol, server_class):
    socket = BoundSocket()
    tell({"server": name, "port": socket.free_port})
    server = server_class(processor, socket, TRANSPORTS[transport](), PROTOCOLS[protocol]())
    threading.Thread(target=server.serve, daemon=True).start()


def main():
    folder, *modules = sys.argv[1:]
    sys.path.insert(0, folder)
    for module in modules:
        service = importlib.import_module(f"{module}.LogIngestionService")
        types = importlib.import_module(f"{module}.ttypes")
        for protocol in PROTOCOLS:
            for transport in TRANSPORTS:
                name = f"{module} {protocol} {transport}"
                serve(name, service.Processor(Handler(name, types)), transport, protocol, TSimpleServer)
    multiplexed = TMultiplexedProcessor()
    multiplexed.registerProcessor("LogIngestionService", service.Processor(Handler("multiplexed", types)))
    serve("multiplexed", multiplexed, "framed", "binary", TThreadedServer)
    tell({"ready": True})
    sys.stdin.read()


main()
