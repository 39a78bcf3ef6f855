"""The tree through the harness's hands: manifest, read, write, remove, seal, reset. Never through a link."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from app.errors import TransientError, UserError
from app.ports.sandbox import hides
from app.sandbox.files import check_path
from app.sandbox.local import LocalSandbox

from .conftest import Enter, python


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_manifest_shows_files_exec_bits_and_links_as_data(enter: Enter) -> None:
    sandbox = enter({"b.txt": "bee", "a/deep/run.sh": "#!/bin/sh\n"})
    sandbox.run("chmod 755 a/deep/run.sh; ln -s /etc/shadow link; ln -s deep a/folder; touch empty; mkdir nothing")
    found = sandbox.manifest()
    assert list(found) == sorted(["a/deep/run.sh", "a/folder", "b.txt", "empty", "link"])
    assert (found["b.txt"].mode, found["b.txt"].digest, found["b.txt"].size) == ("100644", sha(b"bee"), 3)
    assert found["a/deep/run.sh"].mode == "100755"
    assert (found["link"].mode, found["link"].digest) == ("120000", sha(b"/etc/shadow"))
    assert found["a/folder"].digest == sha(b"deep")


def test_manifest_leaves_out_what_is_not_a_file(enter: Enter) -> None:
    sandbox = enter({"kept": "1"})
    sandbox.run(
        "mkfifo pipe; mkdir -p .git sub/.git sub/.GIT/x; echo x > .git/config; echo x > sub/.git/config;"
        "echo x > sub/.GIT/x/y; touch $'bad\\377name'; echo 'gitdir: /' > other.git; truncate -s 600M huge;"
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")' 2>/dev/null || true"
    )
    assert list(sandbox.manifest()) == ["kept", "other.git"]
    reasons = sandbox.left_out
    assert reasons["pipe"] == "not a regular file"
    assert "git directory" in reasons["sub/.git"]
    assert any("UTF-8" in reason for reason in reasons.values())


def test_what_its_owner_has_shut_is_not_taken_for_gone(enter: Enter) -> None:
    sandbox = enter({"shut/deep/in.py": "1", "unlisted/sub/in.py": "1", "secret": "1", "there/x": "1"})
    sandbox.run("chmod 000 shut secret; chmod 444 unlisted; rm -r there; mkfifo there")
    found = sandbox.manifest()
    for path in ("shut/deep/in.py", "unlisted/sub/in.py", "secret"):
        assert path in found or hides(sandbox.left_out, path), path  # a harness that is root sees it all the same
    assert sandbox.left_out["there"] == "not a regular file"
    assert not hides(sandbox.left_out, "there/x")
    sandbox.seal()
    sandbox.run("chmod -R 755 shut; rm -r shut")
    sandbox.reset()
    sandbox.close()


def test_manifest_sees_a_change_that_keeps_size_and_mtime(enter: Enter) -> None:
    sandbox = enter({"a": "one", "b": "same"})
    first = sandbox.manifest()
    done = sandbox.run("touch -r a ref && printf two > a && touch -r ref a && rm ref")
    assert done.ok, done
    second = sandbox.manifest()
    assert second["a"].digest == sha(b"two") != first["a"].digest
    assert second["b"] is first["b"]  # not read again


def test_deep_trees_and_many_names_do_not_break_the_walk(sandbox: LocalSandbox) -> None:
    code = "import os\nfor i in range(3000):\n os.mkdir('d'); os.chdir('d')\n"
    sandbox.run(python(code))
    assert "README.md" in sandbox.manifest()
    assert "nested too deeply" in sandbox.left_out.values()


def test_read_write_remove(sandbox: LocalSandbox) -> None:
    sandbox.write_file("new/folder/file.py", b"print(1)\n")
    sandbox.write_file("tool", b"#!/bin/sh\necho ran\n", mode="100755")
    assert sandbox.read_file("new/folder/file.py") == b"print(1)\n"
    assert (
        sandbox.run("python3 new/folder/file.py; ./tool; echo more >> new/folder/file.py; touch new/x").text
        == "1\nran\n"
    )
    sandbox.write_file("tool", b"#!/bin/sh\necho again\n")
    assert sandbox.manifest()["tool"].mode == "100755"
    assert sandbox.run("./tool").text == "again\n"
    sandbox.remove_file("tool")
    assert "tool" not in sandbox.manifest()
    with pytest.raises(UserError, match="does not exist"):
        sandbox.read_file("tool")
    with pytest.raises(UserError, match="does not exist"):
        sandbox.remove_file("tool")


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\0b", ".git/config", "sub/.git/hooks/x", ".GIT/x", "a/."],
)
def test_paths_outside_the_tree_are_refused(path: str) -> None:
    with pytest.raises(UserError):
        check_path(path)


def test_refused_paths_touch_nothing(sandbox: LocalSandbox) -> None:
    sandbox.run("mkdir .git; echo secret > .git/config")
    for path in (".git/config", "../escape", "/etc/hostname"):
        for act in (sandbox.read_file, sandbox.remove_file, lambda p: sandbox.write_file(p, b"x")):
            with pytest.raises(UserError):
                act(path)
    assert sandbox.run("cat .git/config").text == "secret\n"


def test_links_are_never_followed(enter: Enter, tmp_path: Path, canary: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text(canary)
    sandbox = enter({"real/file": "inside"})
    sandbox.run(
        f"ln -s {outside}/secret absolute; ln -s ../../outside/secret relative; ln -s {outside} folder;"
        f"ln -s real inner; ln -s /proc/self/root rooted; ln -s loop loop"
    )
    for path in ("absolute", "relative", "folder/secret", "inner/file", "rooted/etc/passwd", "loop"):
        with pytest.raises(UserError):
            sandbox.read_file(path)
    for path in ("folder/new", "folder/secret", "inner/new"):
        with pytest.raises(UserError):
            sandbox.write_file(path, b"x")
        with pytest.raises(UserError):
            sandbox.remove_file(path)
    with pytest.raises(UserError, match="link"):
        sandbox.write_file("absolute", b"overwritten")
    sandbox.write_file("absolute", b"a file now", mode="100644")  # takes the link's name, not its target
    assert sandbox.manifest()["absolute"].mode == "100644"
    sandbox.remove_file("relative")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"secret": canary}


def test_special_files_do_not_block(sandbox: LocalSandbox) -> None:
    sandbox.run("mkfifo pipe; mkdir folder")
    for path in ("pipe", "folder"):
        with pytest.raises(UserError):
            sandbox.read_file(path)
    with pytest.raises(UserError, match="directory"):
        sandbox.write_file("folder", b"x")
    sandbox.write_file("pipe", b"now a file")
    assert sandbox.read_file("pipe") == b"now a file"


def test_huge_file_is_not_brought_into_the_harness(enter: Enter) -> None:
    sandbox = enter()
    sandbox.run("truncate -s 200M big")
    with pytest.raises(UserError, match="too big"):
        sandbox.read_file("big")


def test_a_racing_process_gains_nothing(enter: Enter, tmp_path: Path, canary: str) -> None:
    """A directory turns into a link to the outside and back, as fast as it goes, while the harness uses it."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    (outside / "file").write_text(canary)
    sandbox = enter({"d/file": "inside"})
    sandbox.shell(
        f"ln -s {outside} l; (while :; do mv -T d x; mv -T l d; mv -T d l; mv -T x d; done) >/dev/null 2>&1 & true"
    )
    before = set(os.listdir(outside))
    for number in range(150):
        try:
            assert sandbox.read_file("d/file") != canary.encode()
            sandbox.write_file("d/file", b"inside")
            sandbox.write_file(f"d/new{number}", b"x")
            sandbox.remove_file(f"d/new{number}")
        except UserError:
            pass
        if number % 10 == 0:
            digests = {entry.digest for entry in sandbox.manifest().values()}
            assert sha(canary.encode()) not in digests
    sandbox.restart_shell()
    assert set(os.listdir(outside)) == before
    assert (outside / "file").read_text() == canary


def test_reset_returns_to_the_sealed_state(enter: Enter) -> None:
    sandbox = enter({"a": "1", "folder/b": "2", "gone": "3", "mode": "4"})
    sandbox.run("ln -s a link; chmod 755 mode; echo cached > ~/cache; mkdir ~/venv; echo x > ~/venv/y")
    sandbox.shell("X=1; (exec -a lamplighter-sealed sleep 600) &")
    sandbox.seal()
    before = dict(sandbox.manifest())
    home = sandbox.run("ls -lRA ~ --time-style=full-iso").text
    sandbox.shell(
        "echo changed > a; rm -rf folder gone; mkdir gone; ln -sf b link; chmod 644 mode; echo z > ~/cache;"
        "rm -r ~/venv; touch -d 2020-01-01 a; mkdir -p new/deep; echo n > new/deep/x; echo t > $TMPDIR/left;"
        "chmod 000 new; echo 22 > q"
    )
    sandbox.reset()
    assert dict(sandbox.manifest()) == before
    assert sandbox.run("ls -lRA ~ --time-style=full-iso").text == home
    assert sandbox.run("ls -A . $TMPDIR; cat a folder/b").text.endswith("1" + "2")
    assert "left" not in sandbox.run("ls -A $TMPDIR").text
    assert sandbox.shell("echo [$X]").text == "[]\n"
    sandbox.run("echo 9 > folder/b")
    sandbox.reset()
    assert dict(sandbox.manifest()) == before


def test_a_sandbox_is_sealed_again_with_what_came_since(enter: Enter) -> None:
    sandbox = enter({"a": "1"})
    sandbox.seal()
    sandbox.run("echo 2 > a; echo more > b; mkdir ~/venv")
    sandbox.seal()
    sandbox.run("echo 3 > a; rm -r b ~/venv")
    sandbox.reset()
    assert sandbox.run("cat a b; ls ~").text == "2\nmore\nvenv\n"


def test_reset_sees_a_change_that_hides_its_time(enter: Enter) -> None:
    sandbox = enter({"a": "one"})
    sandbox.seal()
    sandbox.run("touch -r a ref; printf two > a; touch -r ref a; rm ref")
    sandbox.reset()
    assert sandbox.read_file("a") == b"one"


def test_the_seal_is_out_of_reach(enter: Enter, canary: str) -> None:
    sandbox = enter({"a": canary})
    sandbox.seal()
    folder = "/work/sealed" if enter.containers else str(sandbox._folders.sealed)
    script = f"rm a; cat {folder}/tree/a; echo evil > {folder}/tree/a; ls -la {folder}; cat /proc/*/fd/* </dev/null &"
    assert canary not in sandbox.run(f"{script} sleep 0.5; kill %1").text
    sandbox.reset()
    assert sandbox.read_file("a").decode() == canary


def test_unsealed_cannot_be_reset(sandbox: LocalSandbox) -> None:
    with pytest.raises(UserError, match="never sealed"):
        sandbox.reset()


def test_files_and_commands_at_the_same_time(sandbox: LocalSandbox) -> None:
    errors = []

    def write() -> None:
        try:
            for number in range(50):
                sandbox.write_file(f"w/{number}", b"x")
        except Exception as error:
            errors.append(error)

    worker = threading.Thread(target=write)
    worker.start()
    sandbox.run("for i in $(seq 50); do echo $i > r$i; done")
    worker.join()
    assert not errors
    assert len(sandbox.manifest()) == 101


def test_nothing_hostile_runs_while_the_copy_is_made(enter: Enter, tmp_path: Path, canary: str) -> None:
    """The copy is made with the harness's rights: a command beside it could lead it through a link."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text(canary)
    sandbox = enter({f"d{number}/file": "inside" for number in range(300)})
    stop = threading.Event()

    def attack() -> None:
        while not stop.is_set():
            try:
                sandbox.run(f"for d in d*; do mv $d x; ln -s {outside} $d; rm $d; mv x $d; done", timeout_seconds=2)
            except (UserError, TransientError):
                pass

    worker = threading.Thread(target=attack)
    worker.start()
    for _ in range(5):
        sandbox.seal()
        sandbox.reset()
        assert sha(canary.encode()) not in {entry.digest for entry in sandbox.manifest().values()}
    stop.set()
    worker.join()
