"""The tables of `ledger.db`, and the indexes by which its questions are answered; statements parted by `;;`."""

from __future__ import annotations

# What the clock asks every second is found by an index of its own: a partial one is used only where the query says its
# condition in the same words, without a `?`.
# A version before this one had `events_stay`, which let nothing go.
# The triggers stop slips, not attackers; whoever can write the file is found by `verify_chain` and the witness.
SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    run_id TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL,
    previous TEXT NOT NULL, digest TEXT NOT NULL, author TEXT NOT NULL DEFAULT '', PRIMARY KEY (run_id, seq)) STRICT;;
CREATE TABLE IF NOT EXISTS retired (run_id TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;;
DROP TRIGGER IF EXISTS events_stay;;
CREATE TRIGGER IF NOT EXISTS events_stay_until_retired BEFORE DELETE ON events
    WHEN NOT EXISTS (SELECT 1 FROM retired WHERE run_id = OLD.run_id)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;;
CREATE TRIGGER IF NOT EXISTS events_keep BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;;
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, thread_key TEXT NOT NULL, active INTEGER NOT NULL, created_at TEXT NOT NULL,
    summary TEXT NOT NULL) STRICT;;
CREATE INDEX IF NOT EXISTS runs_by_age ON runs (created_at);;
CREATE INDEX IF NOT EXISTS runs_by_activity ON runs (active, created_at);;
CREATE INDEX IF NOT EXISTS runs_by_thread ON runs (thread_key, created_at);;
CREATE INDEX IF NOT EXISTS runs_with_news ON runs (created_at) WHERE json_extract(summary, '$.unpublished') = 1;;
CREATE INDEX IF NOT EXISTS runs_at_work_on ON runs (thread_key, created_at) WHERE active = 1;;
CREATE INDEX IF NOT EXISTS runs_by_phase ON runs (json_extract(summary, '$.phase')) WHERE active = 1;;
CREATE INDEX IF NOT EXISTS runs_by_end ON runs (json_extract(summary, '$.updated_at')) WHERE active = 0;;
CREATE INDEX IF NOT EXISTS runs_by_repository ON runs (
    substr(thread_key, 1, instr(thread_key, '#')), json_extract(summary, '$.updated_at'));;
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at REAL NOT NULL) STRICT;;
CREATE INDEX IF NOT EXISTS claims_by_expiry ON claims (expires_at);;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;;
CREATE TABLE IF NOT EXISTS slots (key TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;;
CREATE TABLE IF NOT EXISTS cells (key TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT
"""

COLUMNS = ("run_id", "seq", "at", "kind", "data", "previous", "digest", "author")  # of an event

# What a file of an older version lacks. Its events have no author, and are believed as they were then.
ADDED = (("events", "author", "TEXT NOT NULL DEFAULT ''"),)
