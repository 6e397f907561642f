"""A receiver of the original protocol, for tests. Standard library only, and written from this description alone:

    a frame is uint32 BE payload length, uint8 flags, payload
    flags: bit 0 = compressed, bits 1-2 the algorithm (01 gzip, 10 zlib), bits 3-7 ignored
    the payload is a UTF-8 JSON array of log entries; the receiver never answers

It never writes a byte. Standard output: {"listening": port}, {"frame": …} for each frame, {"closed": …} for each
connection. The text of each entry goes to --output, a line each. Anything that it can't read ends it with exit code 1.
"""

import argparse
import gzip
import json
import os
import socket
import struct
import sys
import threading
import time
import traceback
import zlib

INFLATE = {1: gzip.decompress, 2: zlib.decompress}
WHITE_SPACE = " \t\r\n"


def arguments():
    parser = argparse.ArgumentParser(description="receives log entries in the original protocol")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--output", required=True)
    parser.add_argument("--slow", type=float, default=0, help="seconds to wait before each frame is read")
    parser.add_argument("--trickle", action="store_true", help="read one byte at a time")
    parser.add_argument("--close-after", type=int, default=0, help="close a connection after so many frames")
    return parser.parse_args()


def say(message):
    print(json.dumps(message), flush=True)


def read_exactly(connection, length, at_once):
    """The next bytes, or fewer at the end of the stream."""
    data = b""
    while len(data) < length and (piece := connection.recv(min(at_once, length - len(data)))):
        data += piece
    return data


def texts_of(payload):
    """The text of each element of a JSON array, as it was sent."""
    text = payload.decode("utf-8")
    assert isinstance(json.loads(text), list), "the payload is not an array"
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    while True:
        while text[at] in WHITE_SPACE + ",":
            at += 1
        if text[at] == "]":
            return
        element, end = decoder.raw_decode(text, at)
        assert isinstance(element, dict), f"not an object: {text[at:end]}"
        yield text[at:end].replace("\n", " ")
        at = end


def serve(connection, options, output, lock):
    frames = 0
    at_once = 1 if options.trickle else 65536
    while options.close_after == 0 or frames < options.close_after:
        time.sleep(options.slow)
        header = read_exactly(connection, 5, at_once)
        if header == b"":
            break
        assert len(header) == 5, "the stream ends inside a header"
        length, flags = struct.unpack(">IB", header)
        payload = read_exactly(connection, length, at_once)
        assert len(payload) == length, "the stream ends inside a payload"
        if flags & 1:
            payload = INFLATE[flags >> 1 & 3](payload)
        texts = list(texts_of(payload))
        with lock:
            output.writelines(text + "\n" for text in texts)
            output.flush()
            say({"frame": {"flags": flags, "length": length, "entries": len(texts)}})
        frames += 1
    connection.close()
    with lock:
        say({"closed": {"frames": frames}})


def serve_or_exit(*args):
    try:
        serve(*args)
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def main():
    options = arguments()
    lock = threading.Lock()
    with open(options.output, "a", encoding="utf-8", newline="\n") as output:
        server = socket.create_server(("127.0.0.1", options.port))
        say({"listening": server.getsockname()[1]})
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve_or_exit, args=(connection, options, output, lock), daemon=True).start()


main()
