"""A receiver of the original protocol at full speed. Standard library only.

    a frame is uint32 BE payload length, uint8 flags, payload
    flags: bit 0 = compressed, bits 1-2 the algorithm (01 gzip, 10 zlib), bits 3-7 ignored
    the payload is a UTF-8 JSON array of log entries; the receiver never answers

Every entry is parsed, and its text goes to FOLDER/logs.jsonl, a line each. It says {"listening": port}, and closes a connection once all that came
over it has been written. Nothing is synced.

    usage: plain_receiver.py FOLDER
"""

import gzip
import json
import os
import signal
import socket
import struct
import sys
import threading
import traceback
import zlib

INFLATE = {1: gzip.decompress, 2: zlib.decompress}

BETWEEN = " \t\r\n,"

# A value and where it ends. Cutting the entries' own texts out takes half of what encoding them again would.
scan = json.JSONDecoder().scan_once


def lines_of(array):
    """The text of each element as it came, a line each."""
    assert array[0] == "[", "the payload is not an array"
    lines = []
    at = 1
    while True:
        while array[at] in BETWEEN:
            at += 1
        if array[at] == "]":
            return "".join(lines)
        _, end = scan(array, at)
        lines.append(array[at:end] + "\n")
        at = end


def serve(connection, output, lock):
    with connection, connection.makefile("rb", buffering=1 << 18) as stream:
        while header := stream.read(5):
            length, flags = struct.unpack(">IB", header)
            payload = stream.read(length)
            if flags & 1:
                payload = INFLATE[flags >> 1 & 3](payload)
            lines = lines_of(payload.decode("utf-8"))
            with lock:
                output.write(lines)
        with lock:
            output.flush()


def serve_or_exit(*args):
    try:
        serve(*args)
    except Exception:
        traceback.print_exc()
        os._exit(1)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    lock = threading.Lock()
    path = os.path.join(sys.argv[1], "logs.jsonl")
    with open(path, "w", encoding="utf-8", buffering=1 << 20) as output:
        server = socket.create_server(("127.0.0.1", 0))
        print(json.dumps({"listening": server.getsockname()[1]}), flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve_or_exit, args=(connection, output, lock), daemon=True).start()


main()
