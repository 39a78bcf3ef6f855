"""Packs the Lambda functions into `dist/`: `webhook.zip` and `functions.zip`, as template.yaml asks for them.

    python infra/build.py [--architecture arm64|x86_64] [--python 3.13] [--into dist] [webhook|functions …]

Each holds the modules its handlers reach and no other; the webhook's has no package at all. Bytecode is shipped, made
by the runtime's own version of Python, because a function may not write any and would compile at every cold start.
The same content gives the same file, so that a deploy changes nothing where nothing changed. Standard library only;
packages come through `uv`, as wheels for Lambda's machines, with the hashes of `requirements/functions.lock`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [] if __package__ else [str(Path(__file__).resolve().parents[1])]
from infra.closure import ROOT, closure, copy  # noqa: E402

FUNCTIONS = ("dispatch", "publish", "schedule", "task_stopped", "tokens", "web")
PARTS = {"webhook": ("webhook",), "functions": FUNCTIONS}
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}  # Amazon Linux 2023 has glibc 2.34

# botocore describes 400 services in 25 MB; these are called.
SERVICES = {"dynamodb", "ecs", "kms", "lambda", "s3", "secretsmanager", "sqs", "sts"}
# githubkit describes all of GitHub in 27 MB for each version; these endpoints of one are called, and no answer's model
# is used (`app.github.endpoints`).
GITHUB_VERSION = "v2022_11_28"
ENDPOINTS = {"__init__", "actions", "apps", "checks", "git", "issues", "pulls", "reactions", "repos", "search"}
LIMIT_BYTES = 250 * 2**20  # Lambda's, unzipped
_YEAR = (2020, 1, 1, 0, 0, 0)


def build(part: str, *, architecture: str, version: str, into: Path) -> tuple[Path, int]:
    """Make one archive; returns it and its unzipped size in bytes. Raises SystemExit with what is missing."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-build-") as folder:
        tree = Path(folder)
        copy(closure(*(f"handlers.{name}" for name in PARTS[part])), tree)
        if part != "webhook":
            _install(tree, architecture, version)
            _prune(tree)
        _compile(tree, version)
        into.mkdir(parents=True, exist_ok=True)
        return _zipped(tree, into / f"{part}.zip"), sum(path.stat().st_size for path in _files(tree))


def interpreter(version: str) -> str | None:
    """A Python of this version: bytecode is its own affair."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if own == version:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    places = [*sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")), shutil.which(f"python{version}")]
    for place in filter(None, places):
        asked = [str(place), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
        if answer.stdout.strip() == version:  # a pyenv shim answers with a complaint
            return str(place)
    return None


def _install(tree: Path, architecture: str, version: str) -> None:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise SystemExit("uv is missing; `make build` brings it")
    command = [uv, "--quiet", "pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["--target", str(tree), "--python-platform", PLATFORMS[architecture], "--python-version", version]
    command += ["--link-mode", "copy", "--no-compile-bytecode", "-r", str(ROOT / "requirements" / "functions.lock")]
    if subprocess.run(command, timeout=600, check=False).returncode:
        raise SystemExit("the packages of requirements/functions.lock could not be installed")


def _prune(tree: Path) -> None:
    for data in (tree / "botocore" / "data").iterdir():
        if data.is_dir() and data.name not in SERVICES:
            shutil.rmtree(data)
    github = tree / "githubkit_schemas"
    known = (github / GITHUB_VERSION / "rest").glob("*.py")
    unused = [path for path in known if path.stem not in ENDPOINTS]
    unused += [path for path in github.iterdir() if path.is_dir() and path.name not in {GITHUB_VERSION, "core"}]
    unused += [github / GITHUB_VERSION / name for name in ("models", "types", "webhooks")]
    for path in (*unused, tree / "bin", tree / ".lock"):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _compile(tree: Path, version: str) -> None:
    python = interpreter(version)
    if python is None:
        sys.stderr.write(f"no Python {version} here: packed without bytecode, so cold starts take twice as long\n")
        return
    # unchecked: the interpreter need not look at the sources' times, which the archive does not keep
    command = [python, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", str(tree)]
    subprocess.run([*command, str(tree)], check=True, timeout=600, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})


def _files(tree: Path) -> Iterator[Path]:
    return (path for path in sorted(tree.rglob("*")) if path.is_file())


def _zipped(tree: Path, target: Path) -> Path:
    new = target.with_suffix(".new")
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in _files(tree):
            entry = zipfile.ZipInfo(str(path.relative_to(tree)), _YEAR)
            entry.external_attr = (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return new.replace(target)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pack the Lambda functions.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), default="arm64", help="the template's parameter")
    parser.add_argument("--python", default="3.13", help="the runtime's version")
    parser.add_argument("--into", type=Path, default=ROOT / "dist")
    given = parser.parse_args()
    for part in given.parts or PARTS:
        archive, unzipped = build(part, architecture=given.architecture, version=given.python, into=given.into)
        share = 100 * unzipped / LIMIT_BYTES
        size = archive.stat().st_size
        print(f"{archive.name:14} {size / 1e6:7.3f} MB, unzipped {unzipped / 1e6:7.3f} MB, {share:.2f} % of the limit")  # noqa: T201


if __name__ == "__main__":
    main()
