"""The base as GitHub holds it: a worker's kept contents count only when they are what GitHub's tree names."""

from __future__ import annotations

import pytest

from app.errors import UserError
from app.events.configured import Configured, LimitsWanted
from app.github.base_tree import GitHubBase
from app.simulator.rest import git as simulated
from app.work.verdict import check_again, judge
from app.workspace import Change
from tests.rooms.workspace.folders import MemoryStore

REPO = "acme/calc"
KEY = "AKIA" + "Q7ZPX3MVN2R5T8WK"
CONFIG = Configured(limits=LimitsWanted(files=5, bytes=10_000), protect=["safe/"])
OLD = f"a = 1\nb = 2\nAPI = '{KEY}'\n".encode()
BASE = {
    "config.py": OLD, "plain.py": "x = 1\n", "drivers/aux/a.c": "int a;\n", "safe/x": "1\n", "Docs/a.md": "a\n",
    "docs/z.md": "z\n", "pack/deep/er.txt": "1\n",
}  # fmt: skip


@pytest.fixture
def repo(simulator):
    return simulator.repository(REPO, files=BASE)


@pytest.fixture(params=["listed whole", "too big to be listed"])
def base(request, github, repo, monkeypatch):
    if request.param == "too big to be listed":
        monkeypatch.setattr(simulated, "TREE_LIMIT", 8)  # entries of a recursive answer; GitHub's is 100,000
    return lambda kept=None: GitHubBase(github, REPO, repo.branches["main"], kept=(kept or {}).get)


def propose(store: MemoryStore, *changes: tuple[str, str, bytes | None]) -> list[dict]:
    """Changes as a worker writes them down; kind and size are its word."""
    made = []
    for path, kind, content in changes:
        digest = store.put_blob(content) if content is not None else "0" * 64
        made.append({"path": path, "kind": kind if content is not None else "delete", "mode": "100644",
                     "digest": digest, "size": 1, "old_mode": ""})  # fmt: skip
    return made


def test_what_stood_already_is_not_held_against_a_change(base):
    store = MemoryStore()
    changes = propose(store, ("config.py", "modify", OLD + b"c = 3\n"), ("drivers/aux/b.c", "add", b"int b;\n"))
    made = check_again(store, changes, CONFIG, base({"config.py": OLD}))
    assert [change.path for change in made] == ["config.py", "drivers/aux/b.c"]


def test_kept_contents_save_the_requests(base, simulator):
    store = MemoryStore()
    changes = propose(store, ("config.py", "modify", OLD + b"c = 3\n"))
    check_again(store, changes, CONFIG, base({"config.py": OLD}))
    assert not [request for request in simulator.requests if "/git/blobs/" in request.path]
    check_again(store, changes, CONFIG, base())
    assert len([request for request in simulator.requests if "/git/blobs/" in request.path]) == 1


LIES = [
    pytest.param([("plain.py", "modify", f"x = '{KEY}'\n".encode())], {"plain.py": f"x = '{KEY}'\n".encode()},
                 "Looks like a secret", id="a base that already held the secret"),
    pytest.param([("plain.py", "mode", f"x = '{KEY}'\n".encode())], {}, "Looks like a secret", id="only a mode"),
    pytest.param([("new.py", "modify", f"x = '{KEY}'\n".encode())], {"new.py": f"x = '{KEY}'\n".encode()},
                 "Looks like a secret", id="a base file that is none"),
    pytest.param([("nul.c", "modify", b"int a;\n")], {}, "Windows cannot hold", id="a name that is new"),
    pytest.param([("DOCS/new.md", "modify", b"a\n")], {}, "differs from `Docs` only", id="a folder's other case"),
    pytest.param([("safe/x", "delete", None)], {}, "`protect`", id="a protected file"),
    pytest.param([("pack", "modify", b"now a file\n")], {}, "It is a folder", id="a file over a folder"),
    pytest.param([("big.txt", "mode", b"text\n" * 3000)], {}, "`limits.bytes`", id="a size that is said to be 1"),
    pytest.param([(f"f{n}", "add", b"1\n") for n in range(6)], {}, "`limits.files`", id="too many files"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "kept", "why"), LIES)
def test_a_worker_that_lies_about_base_kind_or_size_is_refused(base, changes, kept, why):
    store = MemoryStore()
    with pytest.raises(UserError, match=why.replace("(", r"\(")):
        check_again(store, propose(store, *changes), CONFIG, base(kept))


def test_too_many_files_are_refused_before_a_content_is_read(base):
    store = MemoryStore()
    changes = propose(store, *((f"f{n}", "add", b"1\n") for n in range(6)))
    store.blobs.clear()
    with pytest.raises(UserError, match=r"6 files are changed; this repository allows 5"):
        check_again(store, changes, CONFIG, base())


def test_a_verdict_is_the_same_for_whoever_knows_more_of_the_base(base, github, repo):
    change = Change(path="docs/new.md", kind="add", mode="100644", digest="", size=2)
    small = base()
    assert judge([change], {"docs/new.md": b"a\n"}, small, CONFIG) == []
    assert "docs/z.md" in small.entries(["docs/new.md"])
