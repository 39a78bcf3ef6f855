"""Another try goes on from what the run before had changed, where the base let the same places alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.admission.unfinished import to_go_on_from
from app.errors import UserError
from app.events.deciding import Base, Continued, RunCreated
from app.github.access import Access
from app.jobs.job import Thread
from app.log import Redactor
from app.runs.run_ledger import RunLedger
from app.runs.state.run_state import RunState
from app.settings import Settings
from app.simulator import Simulator
from app.work.kept_tree import KeptTree
from app.workspace import Ignore, changes, take_snapshot
from tests.rooms.workspace.folders import FolderSandbox

BASE = {"calc.py": "1\n", "docs/a.md": "a\n", "old.txt": "old\n", "run.sh": "true\n"}
CHANGE = {"calc.py": "2\n", "new.py": "new\n", "tools/x.py": "x\n", "old.txt": None}


class Before:
    """A run that was stopped on a repository's first commit, after it had changed `CHANGE` and left a note."""

    def __init__(self, folder: Path, store, clock) -> None:
        self.store, self.clock, self.folder = store, clock, folder
        self.github = Simulator(folder / "github", clock=clock.now)
        self.repo = self.github.repository("acme/calc", files=BASE, default_branch="main")
        installation = self.github.world.installation_of(self.repo)
        self.thread = Thread(installation.id, self.repo.id, "acme/calc", 1)
        self.settings = Settings(
            home=folder / "home",
            github_api_url=self.github.api_url,
            app_id=str(self.github.app.id),
            private_key=self.github.app.private_key,
        )
        sandbox = tree_of(folder / "before", BASE)
        before = sandbox.manifest()
        lay_out(sandbox, CHANGE)
        sandbox.write_file("run.sh", b"true\n", mode="100755")
        sandbox.write_file("scratch.log", b"not of the change")
        ignore = Ignore({".gitignore": "*.log\n"}, tracked=BASE)
        self.taken = take_snapshot(
            sandbox, before, store, change_in=lambda now, unseen: changes(before, now, ignore, unseen=unseen)
        )

    def state(self, **more) -> RunState:
        base = Base(ref="main", sha=self.repo.tip("main"))
        first = {"playbook": "fix", "base": base, "thread": self.thread, **more.pop("created", {})}
        ended = {"phase": "ended", "outcome": "cancelled", **more}
        return RunState(run_id="b" * 16, created=RunCreated(**first), **ended)

    def to_go_on_from(self, state: RunState) -> tuple[Continued | None, str]:
        access = Access(self.settings, self.clock, Redactor(), transport=self.github.transport())
        with access.asking(self.thread) as github:
            return to_go_on_from(github, self.store, state, self.repo.tip("main"))

    def begun(self, begins: Continued, base: dict[str, str | None]) -> dict[str, tuple[str, bytes]]:
        """The tree of a run that goes on, on a checkout of `base`."""
        sandbox = tree_of(self.folder / "after", base)
        before = sandbox.manifest()
        ledger = RunLedger(self.store, "run", clock=self.clock, redactor=Redactor())
        ledger.append(RunCreated(playbook="fix", continued=begins))
        KeptTree(ledger, sandbox, lambda: before, lambda _: b"", lambda *_: []).restore()
        return {path: (entry.mode, sandbox.read_file(path)) for path, entry in sandbox.manifest().items()}


def tree_of(folder: Path, files: dict[str, str | None]) -> FolderSandbox:
    folder.mkdir()
    sandbox = FolderSandbox(folder)
    lay_out(sandbox, files)
    return sandbox


def lay_out(sandbox: FolderSandbox, files: dict[str, str | None]) -> None:
    for path, text in files.items():
        sandbox.remove_file(path) if text is None else sandbox.write_file(path, text.encode(), mode="100644")


@pytest.fixture
def before(tmp_path, store, clock):
    made = Before(tmp_path, store, clock)
    yield made
    made.github.close()


# What the base got meanwhile, and of which of the change's files it is in the way.
MOVED: dict[str, tuple[dict[str, str | None], str]] = {
    "not at all": ({}, ""),
    "elsewhere": ({"docs/a.md": "b\n", "docs/b.md": "b\n", "tools/y.py": "y\n"}, ""),
    "a file that it edits": ({"calc.py": "3\n"}, "`calc.py`"),
    "the same edit": ({"calc.py": "2\n"}, "`calc.py`"),
    "a file that it edits is gone": ({"calc.py": None}, "`calc.py`"),
    "a file that it adds": ({"new.py": "theirs\n"}, "`new.py`"),
    "a file that it deletes": ({"old.txt": "older\n"}, "`old.txt`"),
    "what it deletes is gone": ({"old.txt": None}, "`old.txt`"),
    "a file where it has a folder": ({"tools": "not a folder\n"}, "`tools/x.py`"),
    "a folder where it has a file": ({"new.py/x": "not a file\n"}, "`new.py`"),
    "everything": ({"calc.py": "3\n", "new.py": "3\n", "old.txt": "3\n", "run.sh": "3\n"}, "`old.txt`, …"),
}


@pytest.mark.parametrize("moved", MOVED)
def test_a_base_that_moved_is_no_matter_where_it_let_the_same_places_alone(before, moved):
    theirs, in_the_way = MOVED[moved]
    state = before.state(snapshot=before.taken)
    before.github.maintainer.push(before.repo, "main", theirs) if theirs else None
    begins, said = before.to_go_on_from(state)

    if in_the_way:
        assert begins is None
        assert in_the_way in said and "changed since run `bbbbbbbb` stopped, so I start anew" in said
        return
    assert said == "I go on from where run `bbbbbbbb` stopped: 5 changed files."
    tree = before.begun(begins, BASE | theirs)
    there = {path: text for path, text in (BASE | theirs | CHANGE).items() if text is not None}
    assert {path: content.decode() for path, (_mode, content) in tree.items()} == there
    assert [path for path, (mode, _content) in tree.items() if mode == "100755"] == ["run.sh"]


@pytest.mark.parametrize(
    "more",
    [
        {"outcome": "proposed"},
        {"outcome": "nothing_to_do"},
        {"phase": "working", "outcome": None},
        {"created": {"playbook": "diagnose"}},
        {"snapshot": None},
    ],
    ids=json.dumps,
)
def test_what_was_not_left_in_mid_work_is_not_gone_on_from(before, more):
    assert before.to_go_on_from(before.state(**{"snapshot": before.taken, **more})) == (None, "")


def test_what_the_run_before_had_begun_with_is_gone_on_from_when_it_came_to_nothing_itself(before):
    begins, _said = before.to_go_on_from(before.state(snapshot=before.taken))
    again, said = before.to_go_on_from(before.state(created={"continued": begins}))
    assert again == begins and "5 changed files" in said


class Gone:
    """A store of which retention, or somebody, took a blob."""

    def __init__(self, store, is_gone: Callable[[str], bool]) -> None:
        self._store, self._is_gone = store, is_gone

    def __getattr__(self, name):
        return getattr(self._store, name)

    def get_blob(self, digest: str) -> bytes:
        if self._is_gone(digest):
            raise KeyError(digest)
        return self._store.get_blob(digest)


def test_what_is_no_longer_kept_starts_anew_and_what_goes_meanwhile_is_said(before):
    state, real = before.state(snapshot=before.taken), before.store
    begins, _said = before.to_go_on_from(state)
    before.store = Gone(real, lambda _digest: True)
    assert before.to_go_on_from(state) == (
        None,
        "What run `bbbbbbbb` had changed is no longer kept, so I start anew.",
    )
    before.store = Gone(real, lambda digest: digest != begins.manifest.blob)
    with pytest.raises(UserError, match="`retry --fresh` starts anew"):
        before.begun(begins, BASE)
