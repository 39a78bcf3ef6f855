"""The two images, as far as they can be looked at without building them (the tests have no container engine)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.closure import closure
from tests.aws.template.deployed import Deployed

ROOT = Path(__file__).parents[3]
SERVER = "app.sandbox.remote.server"
IMAGES = {"WorkerTask": ROOT / "infra/worker.Dockerfile", "SandboxTask": ROOT / "infra/sandbox.Dockerfile"}


def lines(path: Path) -> list[list[str]]:
    """Instructions with their words; continued lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", path.read_text("utf-8"), flags=re.M).replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line.strip()]


def said(path: Path, word: str) -> list[str]:
    return [rest for first, rest in lines(path) if first == word]


def test_the_servers_files_are_its_own_and_need_no_package():
    for path in closure(SERVER):
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                assert top == "app" or top in sys.stdlib_module_names, f"{path} imports {name}"


def test_the_server_starts_from_its_own_files(tmp_path: Path):
    """As the image starts it, with nothing else of the product in reach; it then misses its key, which is right."""
    place = tmp_path / "server"
    subprocess.run([sys.executable, ROOT / "infra/closure.py", SERVER, place], check=True, timeout=60)
    files = [path for path in place.rglob("*") if path.is_file()]
    assert not (place / "app/worker.py").exists() and not (place / "app/github").exists()
    assert sum(path.stat().st_size for path in files) < 400_000
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", place], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "LAMPLIGHTER_SANDBOX_KEY_SHA256 must hold" in done.stderr


@pytest.mark.parametrize("path", IMAGES.values(), ids=lambda path: path.stem)
def test_an_image_is_pinnable_and_runs_as_nobody_in_particular(path: Path):
    defaults = dict(line.split("=", 1) for line in said(path, "ARG") if "=" in line)
    for base in said(path, "FROM"):
        name = base.split()[0].strip("${}")
        assert name in defaults  # pass a digest instead
        assert "/" not in defaults[name] and not defaults[name].endswith("latest")
    assert said(path, "USER")[-1] == "1000:1000"
    assert "--no-install-recommends" in path.read_text("utf-8")
    for copied in said(path, "COPY"):
        *sources, _target = copied.split()
        assert sources[0].startswith("--from=") or all((ROOT / source).exists() for source in sources)


@pytest.mark.aws
@pytest.mark.parametrize("task", IMAGES)
def test_the_tasks_mount_what_the_image_gives_away(task: str):
    """A volume takes over the owner that the image's `VOLUME` has; all else is read-only."""
    (container,) = Deployed(AppId="7").of("ECS::TaskDefinition")[task]["ContainerDefinitions"]
    (volumes,) = said(IMAGES[task], "VOLUME")
    assert {mount["ContainerPath"] for mount in container["MountPoints"]} <= set(ast.literal_eval(volumes))
    assert "1000" in next(run for run in said(IMAGES[task], "RUN") if "install -d" in run)


@pytest.mark.aws
def test_the_ports_are_those_of_the_code():
    from app.sandbox.remote import frames
    from app.settings import Cloud

    deployed = Deployed(AppId="7")
    tasks = deployed.of("ECS::TaskDefinition")
    (worker,), (sandbox,) = (tasks[name]["ContainerDefinitions"] for name in ("WorkerTask", "SandboxTask"))
    assert [port["ContainerPort"] for port in sandbox["PortMappings"]] == [frames.PORT]
    assert [port["ContainerPort"] for port in worker["PortMappings"]] == [Cloud().egress_port]
