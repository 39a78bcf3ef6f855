"""The tables of `ledger.db`, and the indexes by which its questions are answered; statements parted by `;;`."""

from __future__ import annotations

from pathlib import Path

from app.local.database import Database

# What the clock asks every second is found by an index of its own: a partial one is used only where the query says its
# condition in the same words, without a `?`.
# A version before this one had `events_stay`, which let nothing go.
# The triggers stop slips, not attackers; whoever can write the file is found by `verify_chain` and the witness.
# The days on which a run was charged follow its row, whatever version of ours writes that. What an `OR IGNORE` of a
# trigger does is up to the statement that fires it, so there is none.
_CHARGES = """
    INSERT INTO charges
    SELECT DISTINCT day.key, substr(NEW.thread_key, 1, instr(NEW.thread_key, '#') - 1), NEW.run_id
    FROM json_each(NEW.summary, '$.spent') AS day WHERE typeof(day.key) = 'text'
    EXCEPT SELECT day, repository, run_id FROM charges WHERE run_id = NEW.run_id
"""
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
CREATE INDEX IF NOT EXISTS runs_at_hand ON runs (created_at)
    WHERE active = 1 AND json_extract(summary, '$.phase') IS NOT 'parked';;
CREATE INDEX IF NOT EXISTS runs_that_wait ON runs (json_extract(summary, '$.park_until'))
    WHERE active = 1 AND json_extract(summary, '$.phase') = 'parked';;
DROP INDEX IF EXISTS runs_by_repository;;
CREATE TABLE IF NOT EXISTS charges (
    day TEXT NOT NULL, repository TEXT NOT NULL, run_id TEXT NOT NULL, PRIMARY KEY (day, repository, run_id))
    STRICT, WITHOUT ROWID;;
CREATE INDEX IF NOT EXISTS charges_of_a_run ON charges (run_id);;
CREATE TRIGGER IF NOT EXISTS runs_charged_first AFTER INSERT ON runs BEGIN CHARGES; END;;
CREATE TRIGGER IF NOT EXISTS runs_charged AFTER UPDATE OF summary ON runs BEGIN CHARGES; END;;
CREATE TRIGGER IF NOT EXISTS runs_gone AFTER DELETE ON runs BEGIN
    DELETE FROM charges WHERE run_id = OLD.run_id; END;;
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at REAL NOT NULL) STRICT;;
CREATE INDEX IF NOT EXISTS claims_by_expiry ON claims (expires_at);;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;;
CREATE TABLE IF NOT EXISTS slots (key TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;;
CREATE TABLE IF NOT EXISTS cells (key TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT
""".replace("CHARGES", _CHARGES)

COLUMNS = ("run_id", "seq", "at", "kind", "data", "previous", "digest", "author")  # of an event

# In a file of a version that kept no charges, once: before there were days, a run counted on the one it began.
ONCE = (
    """
    INSERT OR IGNORE INTO charges
    SELECT coalesce(day.key, substr(created_at, 1, 10)), substr(thread_key, 1, instr(thread_key, '#') - 1), run_id
    FROM runs LEFT JOIN json_each(summary, '$.spent') AS day
    WHERE coalesce(typeof(day.key), 'null') IN ('text', 'null')
    """,
)

# What a file of an older version lacks. Its events have no author, and are believed as they were then.
ADDED = (("events", "author", "TEXT NOT NULL DEFAULT ''"),)

# What the clock looks at, with some that it does not; the first word says up to when parked runs are.
DUE = """
SELECT run_id, summary FROM runs WHERE rowid IN (
    SELECT rowid FROM runs INDEXED BY runs_at_hand
        WHERE active = 1 AND json_extract(summary, '$.phase') IS NOT 'parked'
    UNION SELECT rowid FROM runs INDEXED BY runs_that_wait
        WHERE active = 1 AND json_extract(summary, '$.phase') = 'parked' AND json_extract(summary, '$.park_until') < ?
    UNION SELECT rowid FROM runs INDEXED BY runs_with_news WHERE json_extract(summary, '$.unpublished') = 1)
ORDER BY created_at, rowid
"""


def database(home: Path) -> Database:
    """`ledger.db` of a home, brought up to date."""
    return Database(home / "ledger.db", SCHEMA, added=ADDED, once=ONCE)
