# ruff: noqa: E501 - a form on one line is easier to read than wrapped shell
"""Git state made to be executed by whoever looks at the tree. The harness runs no git here, so nothing must happen.

Each form runs `payload` when a careless git command meets it (measured elsewhere: 14 of 20 do). A `git` that tells on
its caller stands first on the harness's PATH, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import UserError
from tests.environment import environment

from .conftest import Enter

FORMS = {
    "fsmonitor": "git init -q . && git config core.fsmonitor ./payload",
    "hooks path": "git init -q . && git config core.hooksPath . && cp payload pre-commit && cp payload post-checkout",
    "hooks": "git init -q . && for h in pre-commit post-checkout post-index-change reference-transaction pre-auto-gc; do"
    " cp payload .git/hooks/$h; done",
    "smudge and clean": "git init -q . && echo '* filter=evil' > .gitattributes &&"
    " git config filter.evil.clean ./payload && git config filter.evil.smudge ./payload",
    "filter process": "git init -q . && echo '* filter=evil' > .gitattributes && git config filter.evil.process ./payload",
    "textconv": "git init -q . && echo '* diff=evil' > .gitattributes && git config diff.evil.textconv ./payload",
    "external diff": "git init -q . && git config diff.external ./payload",
    "merge driver": "git init -q . && echo '* merge=evil' > .gitattributes && git config merge.evil.driver ./payload",
    "alias": "git init -q . && git config alias.status '!./payload' && git config alias.st '!./payload'",
    "include": "git init -q . && echo '[core]\n fsmonitor = ./payload' > evil.config && git config include.path ../evil.config",
    "ssh command": "git init -q . && git config core.sshCommand ./payload && git remote add origin ssh://evil.test/x",
    "pager and editor": "git init -q . && git config core.pager ./payload && git config core.editor ./payload"
    " && git config sequence.editor ./payload",
    "gitdir file": "mkdir elsewhere && git init -q --bare elsewhere/g && git -C elsewhere/g config core.fsmonitor ./payload"
    " && echo 'gitdir: elsewhere/g' > .git",
    "worktrees": "git init -q . && mkdir -p .git/worktrees/w && echo $PWD/sub/.git > .git/worktrees/w/gitdir &&"
    " echo ../.. > .git/worktrees/w/commondir && echo 'ref: x' > .git/worktrees/w/HEAD",
    "submodule": "git init -q . && printf '[submodule \"s\"]\\n path = s\\n url = ext::./payload\\n update = !./payload\\n'"
    " > .gitmodules && mkdir -p s .git/modules/s && echo 'gitdir: ../.git/modules/s' > s/.git",
    "nested git": "mkdir -p deep/er && git init -q deep/er && git -C deep/er config core.fsmonitor ../../payload",
    "bare repository": "git init -q --bare . && git config core.worktree . && git config core.fsmonitor ./payload",
    "bare in a folder": "git init -q --bare assets/x && git -C assets/x config core.fsmonitor ../../payload &&"
    " cp payload assets/x/hooks/post-update",
    "alternates and commondir": "git init -q . && echo /proc/self/root > .git/objects/info/alternates &&"
    " echo ../../../../.. > .git/commondir && echo x > .git/info/grafts && echo x > .git/shallow",
    "bad index": "git init -q . && head -c 4096 /dev/urandom > .git/index && echo '* export-subst' > .git/info/attributes",
    "refs outside": "git init -q . && mkdir -p .git/refs/heads && ln -s /etc/shadow .git/refs/heads/main &&"
    " echo 'ref: ../../../../etc/shadow' > .git/HEAD && echo x > .git/packed-refs",
    "linked git": "mkdir real && git init -q real && git -C real config core.fsmonitor ./payload && ln -s real/.git .git",
    "credential helper": "git init -q . && git config credential.helper '!./payload' && git config core.askPass ./payload",
    "signing program": "git init -q . && git config gpg.program ./payload && git config log.showSignature true",
}


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Path]:
    """A folder that stays empty unless somebody ran a payload, or git, outside."""
    place = tmp_path / "witness"
    place.mkdir(mode=0o777)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text(f"#!/bin/sh\ntouch {place}/git-was-run\n")
    (tools / "git").chmod(0o755)
    with environment(PATH=f"{tools}:{os.environ['PATH']}"):
        yield place


@pytest.fixture
def payload(witness: Path) -> str:
    return f"#!/bin/sh\ntouch {witness}/payload-was-run\n"


def test_hostile_git_state_executes_nothing(enter: Enter, witness: Path, payload: str) -> None:
    for form, plant in FORMS.items():
        sandbox = enter({"payload": payload, "a.txt": "kept\n", "sub/b.txt": "kept\n"})
        done = sandbox.run(f"chmod +x payload; {plant}")
        assert done.ok, (form, done.text)
        manifest = sandbox.manifest()
        assert {"payload", "a.txt", "sub/b.txt"} <= set(manifest), form
        assert not [path for path in manifest if ".git" in path.lower().split("/")], form
        for path in (".git/config", ".git/hooks/pre-commit", "deep/er/.git/config", ".git"):
            with pytest.raises(UserError):
                sandbox.read_file(path)
            with pytest.raises(UserError):
                sandbox.write_file(path, b"x")
            with pytest.raises(UserError):
                sandbox.remove_file(path)
        sandbox.write_file("a.txt", b"changed\n")
        sandbox.write_file("sub/new.txt", b"new\n")
        assert sandbox.read_file("a.txt") == b"changed\n"
        sandbox.remove_file("sub/new.txt")
        sandbox.seal()
        sandbox.write_file("sub/b.txt", b"changed\n")
        sandbox.reset()
        assert sandbox.manifest()["sub/b.txt"] == manifest["sub/b.txt"], form
        sandbox.close()
        assert not list(witness.iterdir()), form


def test_the_payload_would_work(witness: Path, payload: str, tmp_path: Path) -> None:
    """Otherwise the test above proves nothing."""
    import subprocess

    program = tmp_path / "payload"
    program.write_text(payload)
    program.chmod(0o755)
    subprocess.run([str(program)], check=True)
    subprocess.run(["git", "status"], check=True)
    assert {path.name for path in witness.iterdir()} == {"payload-was-run", "git-was-run"}


def test_enough_forms() -> None:
    assert len(FORMS) >= 20
