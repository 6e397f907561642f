"""Sends a few log entries to a Logferry receiver by Thrift, with a client that the ordinary compiler made. See README.md."""

import argparse
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "generated"))

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.Thrift import TApplicationException
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

from logferry.access import LogferryAccess
from logferry.logs import LogIngestionService
from logferry.logs.ttypes import LogEvent

PROTOCOLS = {"binary": TBinaryProtocol, "compact": TCompactProtocol, "json": TJSONProtocol}
TRANSPORTS = {"framed": TFramedTransport, "buffered": TBufferedTransport}


def event(message, level=None):
    """log_level is optional: an entry without one is an entry without one."""
    return LogEvent(
        timestamp=time.time_ns() // 1_000_000,
        service_name="example",
        host=socket.gethostname(),
        message=message,
        log_level=level,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("THRIFT_PORT", "9090")))
    parser.add_argument("--protocol", choices=PROTOCOLS, default="binary")
    parser.add_argument("--transport", choices=TRANSPORTS, default="framed")
    parser.add_argument("--token", help="shown first, where the receiver has AUTH_TOKENS")
    options = parser.parse_args()

    transport = TRANSPORTS[options.transport](TSocket(options.host, options.port))
    protocol = PROTOCOLS[options.protocol](transport)
    transport.open()
    try:
        if options.token is not None:
            LogferryAccess.Client(TMultiplexedProtocol(protocol, "LogferryAccess")).authenticate(options.token)
        client = LogIngestionService.Client(protocol)
        client.sendLog(event("one entry: on disk when the call returns", "INFO"))
        count = client.sendLogs([event(f"entry {number} of a batch") for number in range(1, 4)])
        print(f"stored 1 entry, then {count} in one call")
    except TApplicationException as error:
        sys.exit(f"refused: {error.message}")
    finally:
        transport.close()


main()
