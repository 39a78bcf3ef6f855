"""The floor of the door: hmac, json, one durable insert. Standard library, nothing else."""

import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time

SECRET = b"a-webhook-secret"


def open_database(home: str) -> sqlite3.Connection:
    os.makedirs(home, mode=0o700, exist_ok=True)
    database = sqlite3.connect(os.path.join(home, "jobs.db"), isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
    return database


def accept(database: sqlite3.Connection, headers: dict, body: bytes) -> bytes:
    given = headers["x-hub-signature-256"].encode()
    if not hmac.compare_digest(b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode(), given):
        return b'{"error": "signature"}'
    event = json.loads(body)
    issue = event["issue"]
    job = {
        "repository": event["repository"]["full_name"],
        "number": issue["number"],
        "title": issue["title"],
        "body": issue["body"],
    }
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO jobs VALUES (?, ?)", (headers["x-github-delivery"], json.dumps(job)))
    database.execute("COMMIT")
    return json.dumps({"decision": "start", "job": headers["x-github-delivery"]}).encode()


def only_verify(_database: object, headers: dict, body: bytes) -> bytes:
    given = headers["x-hub-signature-256"].encode()
    if not hmac.compare_digest(b"sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest().encode(), given):
        return b'{"error": "signature"}'
    return json.dumps({"decision": "ignore"}).encode()


def main() -> None:
    home, deliveries, mode = sys.argv[1:]
    with open(deliveries, "rb") as file:
        lines = file.read().splitlines()
    database = open_database(home)
    if mode == "cold":
        accept(database, json.loads(lines[0]), lines[1])
        print(time.monotonic())
        sys.stdout.flush()
        os._exit(0)
    answer = only_verify if mode == "verify" else accept
    events = [(json.loads(lines[i]), lines[i + 1]) for i in range(0, len(lines), 2)]
    wall, cpu = time.perf_counter(), time.process_time()
    for headers, body in events:
        answer(database, headers, body)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(json.dumps({"cpu": cpu / len(events), "wall": wall / len(events)}))


if __name__ == "__main__":
    main()
