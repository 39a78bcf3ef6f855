"""`backup FOLDER` and `restore FOLDER`: everything that cannot be made again, verified after it was written.

backup.json          what the copy consists of; written last, so that half a copy is none
heads.log, ledger.db, queue-*.db, blobs/       as in the home; once more below local/ for local runs
app/                 the App's settings and key
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from app import settings as words
from app.cli import backup_app
from app.cli.app_secrets import ENV_FILE
from app.cli.homes import LOCAL_FOLDER, home_in
from app.cli.verification import examine, known_runs
from app.errors import UserError
from app.local import copies
from app.local.folders import private, sync_directory
from app.local.heads import HeadsLog
from app.settings import Settings

MANIFEST = "backup.json"
APP = "app"
PARTS = ("", LOCAL_FOLDER)  # the server's home, and that of local runs in it
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What a copy holds. `problems` are sentences: what was wrong already where it was copied from."""

    runs: int = 0
    events: int = 0
    blobs: int = 0
    app: bool = False
    problems: tuple[str, ...] = ()

    def __add__(self, other: Copied) -> Copied:
        return Copied(
            runs=self.runs + other.runs,
            events=self.events + other.events,
            blobs=self.blobs + other.blobs,
            app=self.app or other.app,
            problems=self.problems + other.problems,
        )

    def counted(self) -> str:
        return f"{self.runs} runs, {self.events} events, {self.blobs} blobs"


@dataclass(frozen=True, kw_only=True)
class _Manifest:
    held: Copied
    files: Mapping[str, str]  # path in the copy: SHA-256; blobs have theirs in their names


def backup(arguments: argparse.Namespace) -> int:
    """Copy and verify; 1 when the home was damaged already (the copy is made all the same, and says so)."""
    settings = words.load()
    if settings.platform == "aws":
        raise UserError("On AWS the table and the bucket keep versions themselves: see the README, Operate it on AWS.")
    home, folder = settings.home, arguments.folder.absolute()
    app = backup_app.effective(home / APP)
    if not app and not any((home / part / "ledger.db").exists() for part in PARTS):
        raise UserError(f"There is nothing to back up in `{home}`.")
    if folder.resolve().is_relative_to(home.resolve()):
        raise UserError(f"`{folder}` is in the home and would be lost with it; name another folder.")
    _must_be_empty(folder, "A backup")
    with _all_or_nothing(folder):
        copied = Copied(app=backup_app.copy(app, folder / APP))
        for part in PARTS:
            if (home / part / "ledger.db").exists():
                copied += _copy_live(home / part, folder / part, settings.retention_days)
        _write_manifest(folder, copied)
    _tell(arguments, {"folder": str(folder)}, copied, f"{arguments.folder}: {copied.counted()}; verified")
    if not copied.app:
        print("lamplighter: without the App's key and secret: none is set here.", file=sys.stderr)
    return 1 if copied.problems else 0


def restore(arguments: argparse.Namespace) -> int:
    """Copy back into an empty home, and verify before it can be used."""
    settings = words.load({**os.environ, "LAMPLIGHTER_PRIVATE_KEY": ""})  # the key may be what is to come back
    home, folder = settings.home, arguments.folder.absolute()
    manifest = _manifest(folder)
    _must_be_empty(home, "A home to restore into")
    with _all_or_nothing(home):
        stage = Path(tempfile.mkdtemp(dir=private(home), prefix=".restore-"))
        problems = _copy_back(folder, stage, manifest.files)
        for part in PARTS:
            if not problems and (stage / part / "ledger.db").exists():
                found = _verified(stage / part, settings.retention_days).problems
                problems += [text for text in found if text not in manifest.held.problems]
        if problems:
            raise UserError(f"`{folder}` is damaged, nothing was restored: {'; '.join(problems[:3])}.")
        backup_app.move_in(stage / APP, home / APP)
        for entry in sorted(stage.iterdir(), key=lambda entry: entry.name == "ledger.db"):
            entry.rename(home / entry.name)
        stage.rmdir()
        sync_directory(home)
    copied = manifest.held
    _tell(arguments, {"home": str(home)}, copied, f"{home}: {copied.counted()}; verified")
    if not arguments.json:
        _say_next(settings, copied)
    return 0


def _copy_live(home: Path, target: Path, days: int) -> Copied:
    """While a server works there: the witness first, since it may be behind the ledger but not ahead; blobs last,
    since an event comes after the blobs it names.
    """
    private(target)
    if (home / "heads.log").exists():
        copies.copy_lines(home / "heads.log", target / "heads.log")
    copies.copy_database(home / "ledger.db", target / "ledger.db")
    for queue in sorted(home.glob("queue-*.db")):
        copies.copy_database(queue, target / queue.name)
    blobs, problems = copies.copy_blobs(home / "blobs", target / "blobs") if (home / "blobs").exists() else (0, [])
    _catch_up(home / "heads.log", target, days)
    copied = _verified(target, days)
    return replace(copied, blobs=blobs, problems=(*problems, *copied.problems))


def _catch_up(live: Path, target: Path, days: int) -> None:
    """A run that began between the copy of the witness and that of the ledger was witnessed, only later."""
    copy = home_in(target, is_local=False, days=days)
    assert copy is not None
    witness, heads = HeadsLog(live), HeadsLog(target / "heads.log")
    for run in copy.runs():
        if copy.store.witness(run.run_id) is None and witness.head(run.run_id):
            last = copy.events(run.run_id)[-1]
            heads.append(run.run_id, last.seq, last.digest)
    copy.close()


def _verified(path: Path, days: int) -> Copied:
    """What is in a copy: databases by SQLite's own check, ledgers by their chains, heads and blobs."""
    problems = [text for found in sorted(path.glob("*.db")) for text in copies.database_problems(found)]
    if problems:
        return Copied(problems=tuple(problems))
    copy = home_in(path, is_local=False, days=days)
    assert copy is not None
    found = Copied(problems=tuple(copy.store.witness_problems()))
    for run_id in known_runs(copy):
        events, wrong, _retired = examine(copy, run_id)
        found += Copied(runs=1, events=events, problems=tuple(f"{run_id[:8]}: {text}" for text in wrong))
    copy.close()
    return found


def _copy_back(folder: Path, stage: Path, digests: Mapping[str, str]) -> list[str]:
    """Every file of the manifest and the blobs; what is not as it was written, in sentences."""
    problems = []
    for name, digest in digests.items():
        private((stage / name).parent)
        try:
            if copies.copy_file(folder / name, stage / name) != digest:
                problems.append(f"{name} was changed or damaged")
        except FileNotFoundError:
            problems.append(f"{name} is gone")
    for part in PARTS:
        if (folder / part / "blobs").exists():
            problems += copies.copy_blobs(folder / part / "blobs", private(stage / part) / "blobs")[1]
    return problems


def _write_manifest(folder: Path, copied: Copied) -> None:
    names = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    held = asdict(copied)
    manifest = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "problems": held.pop("problems"),
        "held": held,
        "files": {str(name): copies.digest_of(folder / name) for name in names if "blobs" not in name.parts},
    }
    copies.write(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    sync_directory(folder)


def _manifest(folder: Path) -> _Manifest:
    """Raises UserError for a folder that is none of ours, or not finished."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise UserError(f"`{folder}` was made by another version of Lamplighter (format {manifest['format']}).")
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in manifest["files"]):
            raise ValueError
        held = Copied(**manifest["held"], problems=tuple(manifest["problems"]))
        return _Manifest(held=held, files={str(name): str(digest) for name, digest in manifest["files"].items()})
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"`{folder}` is no finished backup: there is no {MANIFEST} in it.") from None
    except OSError as error:
        raise UserError(f"`{folder / MANIFEST}` cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"`{folder / MANIFEST}` is damaged.") from None


def _must_be_empty(folder: Path, what: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{what} has to be a new or an empty folder; `{folder}` is not, and nothing was written.")


@contextmanager
def _all_or_nothing(folder: Path) -> Iterator[None]:
    """What was written into a folder that was empty goes again when anything goes wrong."""
    was_there = folder.exists()
    private(folder)
    try:
        yield
    except BaseException:
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        if not was_there:
            folder.rmdir()
        raise


def _tell(arguments: argparse.Namespace, where: dict[str, str], copied: Copied, text: str) -> None:
    print(json.dumps(where | asdict(copied), indent=1) if arguments.json else text)
    for problem in copied.problems:
        print(f"lamplighter: damaged before it was copied: {problem}", file=sys.stderr)


def _say_next(settings: Settings, copied: Copied) -> None:
    if copied.app:
        print(f"  set -a; . {shlex.quote(str(settings.home / APP / ENV_FILE))}; set +a")
    print("  lamplighter doctor\n  lamplighter serve")
