"""A client of the original protocol, for tests. Standard library only, and written from this description alone:

    a frame is uint32 BE payload length, uint8 flags, payload
    flags: bit 0 = compressed, bits 1-2 the algorithm (01 gzip, 10 zlib), bits 3-7 ignored
    the payload is a UTF-8 JSON array of log entries; the receiver never answers

At its end it prints {"sent": entries, "received_bytes": bytes the receiver wrote, which should be none}.
"""

import argparse
import gzip
import json
import socket
import struct
import sys
import threading
import zlib

FLAGS = {"none": 0x00, "gzip": 0x03, "zlib": 0x05}
COMPRESS = {"none": lambda data: data, "gzip": gzip.compress, "zlib": zlib.compress}


def arguments():
    parser = argparse.ArgumentParser(description="ships log entries in the original protocol")
    parser.add_argument("port", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--algorithm", choices=sorted(FLAGS), default="none")
    parser.add_argument("--count", type=int, default=10, help="entries, where they are made here")
    parser.add_argument("--entries", help="file with the text of an entry a line, sent as it is")
    parser.add_argument("--batch", type=int, default=5, help="entries in a frame")
    parser.add_argument("--trickle", action="store_true", help="one byte at a time")
    parser.add_argument("--half-close", action="store_true", help="end our side, then wait for the other's end")
    parser.add_argument("--hold", action="store_true", help="stay connected until standard input ends")
    return parser.parse_args()


def texts_of_entries(options):
    if options.entries is None:
        return [json.dumps({"n": n, "message": f"entry {n}"}) for n in range(1, options.count + 1)]
    with open(options.entries, encoding="utf-8", newline="\n") as file:
        return [line for line in file.read().split("\n") if line]


def frame(texts, algorithm):
    payload = COMPRESS[algorithm](("[" + ", ".join(texts) + "]").encode("utf-8"))
    return struct.pack(">IB", len(payload), FLAGS[algorithm]) + payload


def count_received(connection, received):
    """Reads to the end; what a receiver writes would be an error of its."""
    try:
        while data := connection.recv(65536):
            received.append(len(data))
    except OSError as error:
        print(f"reading failed: {error}", file=sys.stderr)


def main():
    options = arguments()
    texts = texts_of_entries(options)
    connection = socket.create_connection((options.host, options.port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = []
    reader = threading.Thread(target=count_received, args=(connection, received), daemon=True)
    reader.start()
    for start in range(0, len(texts), options.batch):
        data = frame(texts[start : start + options.batch], options.algorithm)
        if options.trickle:
            for at in range(len(data)):
                connection.sendall(data[at : at + 1])
        else:
            connection.sendall(data)
    if options.hold:
        print(json.dumps({"holding": len(texts)}), flush=True)
        sys.stdin.read()
    if options.half_close:
        connection.shutdown(socket.SHUT_WR)
        reader.join(30)
        assert not reader.is_alive(), "the receiver did not close its side"
    connection.close()
    print(json.dumps({"sent": len(texts), "received_bytes": sum(received)}), flush=True)


main()
