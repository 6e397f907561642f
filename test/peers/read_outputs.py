"""Reads what the outputs wrote, with nothing of ours: prints a JSON line an entry, of a CSV file or of a database."""
import csv
import json
import sqlite3
import sys

kind, path = sys.argv[1:]
csv.field_size_limit(2**31 - 1)
if kind == "csv":
    with open(path, newline="", encoding="utf-8") as file:
        for record in csv.DictReader(file, strict=True):
            print(json.dumps(record))
else:
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    for row in database.execute("SELECT * FROM logs ORDER BY id"):
        print(json.dumps(dict(row)))
