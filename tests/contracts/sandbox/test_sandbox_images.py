"""Any image with Python can be a sandbox: what is shipped, and on which Python it runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.ports.sandbox import Egress, Limits
from app.sandbox.remote.host import RemoteHost
from tests.aws import container
from tests.ports import free_port

from .conftest import Enter

pytestmark = pytest.mark.aws


def pythons() -> list[str]:
    """Interpreters of this machine, by minor version."""
    found = {}
    for folder in [*Path("/usr/bin").glob("python3.*"), *Path.home().glob(".pyenv/versions/3.*/bin/python3.*")]:
        if folder.suffix[1:].isdigit():
            found.setdefault(int(folder.suffix[1:]), str(folder.resolve()))
    return [found[minor] for minor in sorted(found) if minor >= 9]


@pytest.mark.skipif(os.geteuid() != 0, reason="interpreters in a home are readable for their owner only")
@pytest.mark.parametrize("interpreter", pythons(), ids=lambda path: Path(path).name)
def test_the_server_runs_on_this_python(server: Path, tmp_path: Path, interpreter: str) -> None:
    """3.9 is the lowest that is promised."""
    port = free_port()
    prefix = "" if interpreter.startswith("/usr/bin") else str(Path(interpreter).parents[1])
    with container.Containers(port, server=server, python=interpreter, prefix=prefix) as containers:
        host = RemoteHost(containers, egress_port=port)
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "a").write_text("1")
        with host.open("r", tree, limits=Limits(), egress=Egress(), on_request=lambda _: None) as sandbox:
            assert sandbox.facts["python"].startswith(Path(interpreter).name.removeprefix("python"))
            assert sandbox.run("cat a; curl -s -m 5 http://x.test/ | head -c 7", network=True).text == "1Blocked"
            assert sandbox.shell("cd /; pwd").text == "/\n"
            sandbox.seal()
            sandbox.run("rm a")
            sandbox.reset()
            assert list(sandbox.manifest()) == ["a"] and sandbox.read_file("a") == b"1"


def test_only_the_standard_library_is_shipped(server: Path) -> None:
    sources = [path for path in server.rglob("*.py")]
    assert len(sources) < 40 and sum(path.stat().st_size for path in sources) < 300_000
    for path in sources:
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and len(words) > 1 and not line.startswith(" " * 8):
                top = words[1].partition(".")[0].rstrip(",")
                assert top in sys.stdlib_module_names or top == "app", (path, line)


def test_a_thousand_files_go_over(enter: Enter) -> None:
    sandbox = enter({f"d{number % 40}/f{number}": f"{number}" for number in range(1000)})
    assert len(sandbox.manifest()) == 1000
