"""`python -m tests.rehearsal`: play every case on both routes, check, print the table. Not 0 when anything is wrong."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.agent.models.scripted import Script
from tests.rehearsal import breakages, cases, mended, projects, repairs, rerun, routes, runners, verdict
from tests.rehearsal.report import RepairRow, Row, page, tables, write

ROUTES = ("run", "webhook")
CHECKS = "checks"
AT_ONCE = 2


class Rehearsal:
    """All cases below one folder. The projects and the tools to run their tests again are kept in `cache`."""

    def __init__(
        self, folder: Path, cache: Path, chosen: Sequence[cases.Case], broken: Sequence[breakages.Breakage]
    ) -> None:
        self._folder, self._cache, self._chosen, self._broken = folder, cache, chosen, broken
        self._lock = threading.Lock()

    def play(self, ways: Sequence[str]) -> tuple[list[Row], list[RepairRow]]:
        """A row for each case and route, and one for each breakage, in order."""
        script = Script()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            repaired = pool.map(self._repair, self._broken)  # long before anything waits for it
            sources = dict(zip(self._chosen, pool.map(self._source, self._chosen), strict=True))
            for case in self._chosen:
                script.when(case.issue_title).will(*case.script().entries)
            waiting = list(repaired)
            for repair in waiting:
                script.when(f"rehearsal/{repair.case.name}").will(*repair.case.script(repair.edits).entries)
            stage = routes.Stage(self._folder) if "webhook" in ways or waiting else None
            try:
                if stage is not None:
                    script.save(self._folder / "replies.json")
                    stage.start(self._folder / "replies.json")
                mending = pool.map(lambda repair: self._mend(repair, stage), waiting)
                jobs = [(case, way) for case in self._chosen for way in ways if way == "run" or case.webhook]
                rows = list(pool.map(lambda job: self._one(*job, *sources[job[0]], stage), jobs))
                return rows, list(mending)
            finally:
                if stage is not None:
                    stage.close()

    def _repair(self, case: breakages.Breakage) -> repairs.Repair:
        """What the play needs: the project as a repository, the true change, the packages of the step."""
        place = self._folder / "sources" / case.name
        place.parent.mkdir(exist_ok=True)
        projects.repository(case, self._cache, place)
        edits = case.edits(place, self._cache, self._folder / "releases" / case.name)
        with self._lock:
            runners.installed(case, self._cache, before=False)
        return repairs.Repair(case=case, edits=edits, source=place, home=self._folder / "home")

    def _mend(self, repair: repairs.Repair, stage: routes.Stage | None) -> RepairRow:
        assert stage is not None
        folder = self._folder / f"{repair.case.name}-{CHECKS}"
        folder.mkdir()
        try:
            repairs.play(repair, stage, folder, self._cache)
            wrong = mended.problems(repair)
        except Exception as error:
            wrong = [f"the rehearsal itself failed: {type(error).__name__}: {error}"]
        row = RepairRow.of(repair, wrong)
        print(f"  {repair.case.project} ({CHECKS}): {'ok' if row.ok else 'WRONG'}", flush=True)
        return row

    def _source(self, case: cases.Case) -> tuple[Path, str]:
        place = self._folder / "sources" / case.name
        place.parent.mkdir(exist_ok=True)
        base = projects.repository(case, self._cache, place)
        with self._lock:
            rerun.tools(case, self._cache)
        return place, base

    def _one(self, case: cases.Case, way: str, source: Path, base: str, stage: routes.Stage | None) -> Row:
        folder = self._folder / f"{case.name}-{way}"
        folder.mkdir()
        place = source
        if way == "run":
            place = folder / case.name
            shutil.copytree(source, place, symlinks=True)
        outcome = routes.Outcome(
            case=case,
            route=way,
            git_dir=place,
            base=base,
            refs_before=verdict.refs(source),
            home=folder / "home" if stage is None or way == "run" else stage.home,
        )
        try:
            if way == "run":
                routes.local(outcome, folder)
            else:
                assert stage is not None
                routes.webhook(outcome, stage, source)
            wrong = verdict.problems(outcome)
            if not wrong:
                head = verdict.branch(outcome)
                sha = projects.git(outcome.git_dir, "rev-parse", f"refs/heads/{head}")
                wrong = rerun.problems(case, outcome.git_dir, base, sha, folder, self._cache)
        except Exception as error:
            wrong = [f"the rehearsal itself failed: {type(error).__name__}: {error}"]
        row = Row.of(outcome, source, wrong)
        print(f"  {case.project} ({way}): {'ok' if not wrong else 'WRONG'}, {outcome.seconds:.0f} s", flush=True)
        for text in wrong:
            print(f"    {text}", flush=True)
        return row


def _playable(case: cases.Case) -> cases.Case | None:
    if not case.missing:
        return case
    print(f"{case.project} is left out: install {', '.join(case.missing)} first", flush=True)
    return None


def main() -> int:
    known = [*cases.names(), *breakages.names()]
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(known)} (default: all)")
    parser.add_argument("--route", choices=ROUTES, action="append", help="only this way (default: both)")
    parser.add_argument("--cache", type=Path, default=Path(".rehearse"), help="where archives are kept")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the result as a page, too")
    parser.add_argument("--keep", action="store_true", help="leave everything where it was")
    arguments = parser.parse_args()
    unknown = set(arguments.cases) - set(known)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    wanted = arguments.cases or known
    chosen = [case for name in wanted if name in cases.names() if (case := _playable(cases.load(name)))]
    broken = [breakages.load(name) for name in wanted if name in breakages.names()]
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-rehearsal-"))
    started = time.monotonic()
    if other := routes.elsewhere():
        print(f"the workers are of {other}, which is not this tree", flush=True)
    print(f"rehearsing {', '.join(case.project for case in [*chosen, *broken])} …", flush=True)
    try:
        played = Rehearsal(folder, arguments.cache, chosen, broken).play(arguments.route or ROUTES)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if arguments.keep:
            print(f"everything is in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    seconds = time.monotonic() - started
    print(tables(*played, seconds))
    if arguments.write:
        write(arguments.write, page(*played, seconds, chosen, broken))
    return 0 if all(row.ok for rows in played for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
