"""A client of the original protocol at full speed. Standard library only.

    a frame is uint32 BE payload length, uint8 flags, payload
    flags 0x03: the payload is gzip; it is a UTF-8 JSON array of log entries; the receiver never answers

Entries are of the shape that `logferry generate` makes, 50 in a frame, gzip level 6: what the original does by default.
At its end, which is when the receiver has closed the connection, it prints what it sent.

    usage: plain_client.py PORT SECONDS SEED
"""

import gzip
import json
import random
import socket
import struct
import sys
import time
from datetime import datetime, timezone

BATCH = 50
GZIPPED = 0x03

OPEN_SESSIONS = 50
SESSION_ENTRIES = 12  # on average
USERS = 10_000
HOSTS = 4

# What happens, each as often as it stands here.
STEPS = [
    ("INFO", "catalog", "page served"),
    ("INFO", "catalog", "page served"),
    ("INFO", "catalog", "page served"),
    ("DEBUG", "catalog", "cache missed"),
    ("DEBUG", "catalog", "cache missed"),
    ("INFO", "search", "search served"),
    ("INFO", "orders", "put into the cart"),
    ("INFO", "orders", "put into the cart"),
    ("INFO", "orders", "order placed"),
    ("DEBUG", "payments", "charge requested"),
    ("INFO", "payments", "payment approved"),
    ("INFO", "worker", "receipt sent"),
    ("INFO", "auth", "login succeeded"),
    ("INFO", "auth", "logged out"),
    ("WARN", "catalog", "page was slow"),
    ("ERROR", "payments", "payment declined"),
]

encode = json.JSONEncoder(separators=(",", ":")).encode


class Entries:
    """Makes them up. `int(draw() * n)` is several times faster than randrange."""

    def __init__(self, seed):
        self.draw = random.Random(seed).random
        self.sessions = [self.new_session() for _ in range(OPEN_SESSIONS)]
        self.number = 0

    def new_session(self):
        draw = self.draw
        host = f"node-{1 + int(draw() * HOSTS)}"
        return host, f"u{int(draw() * USERS):04}", f"{int(draw() * 2**32):08x}"

    def batch(self):
        draw = self.draw
        timestamp = datetime.now(timezone.utc).isoformat(timespec="milliseconds")[:23] + "Z"
        entries = []
        for _ in range(BATCH):
            at = int(draw() * OPEN_SESSIONS)
            if draw() * SESSION_ENTRIES < 1:
                self.sessions[at] = self.new_session()
            host, user, token = self.sessions[at]
            level, service, message = STEPS[int(draw() * len(STEPS))]
            self.number += 1
            entries.append({
                "timestamp": timestamp,
                "level": level,
                "service": service,
                "host": host,
                "message": message,
                "user_id": user,
                "session": token,
                "request_id": f"{int(draw() * 2**32):08x}",
                "ms": int(draw() * 300),
                "n": self.number,
            })
        return entries


def main():
    port, seconds, seed = map(int, sys.argv[1:])
    connection = socket.create_connection(("127.0.0.1", port))
    entries = Entries(seed)
    sent_bytes = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        payload = gzip.compress(encode(entries.batch()).encode(), 6, mtime=0)
        connection.sendall(struct.pack(">IB", len(payload), GZIPPED) + payload)
        sent_bytes += 5 + len(payload)
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1) == b"", "the receiver answered"
    print(json.dumps({"entries": entries.number, "bytes": sent_bytes}))


main()
