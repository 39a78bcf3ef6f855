"""The published archive of a project, fetched once by its registry's own client, as a git repository with a history."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from app.checks import is_test_path
from tests.rehearsal.cases import Project

CONFIGURATION = ".github/lamplighter.yml"
WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Rehearsal"), ("EMAIL", "rehearsal@example.org"), ("DATE", "2024-01-01T12:00:00Z"))
}


def archive(case: Project, cache: Path) -> Path:
    """The archive, out of the cache or fetched. Raises ValueError when it is not the one the case was written for."""
    kept = cache.absolute() / "archives" / f"{case.project}-{case.version}.tar.gz"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            _fetch(case, Path(folder))
            (found,) = (path for path in Path(folder).iterdir() if path.name.endswith((".tar.gz", ".tgz")))
            found.rename(kept)
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    if digest != case.sha256:
        kept.unlink()
        raise ValueError(f"{case.project} {case.version}: the archive's SHA-256 is {digest}")
    return kept


def _fetch(case: Project, folder: Path) -> None:
    if case.registry == "npm":
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"{case.project}@{case.version}"]
    else:
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{case.project}=={case.version} --hash=sha256:{case.sha256}\n", "utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command = [*pip, "--no-binary", ":all:", "--require-hashes", "-d", str(folder), "-r", str(wanted)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{case.project} {case.version} cannot be fetched: {done.stderr.strip()[-500:]}")


def unpacked(case: Project, cache: Path, place: Path) -> Path:
    """The files of a release in the new folder `place`."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive(case, cache)) as packed:
            packed.extractall(folder, filter="data")
        (root,) = Path(folder).iterdir()
        shutil.move(root, place)
    return place


def repository(case: Project, cache: Path, place: Path) -> str:
    """Make the git repository `place` with three commits and a tag; the SHA of the last one."""
    unpacked(case, cache, place)
    (place / "PKG-INFO").unlink(missing_ok=True)  # the archive's own; no repository has them
    for made in place.rglob("*.egg-info"):
        shutil.rmtree(made)
    paths = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file() or path.is_symlink())
    tests = [path for path in paths if is_test_path(path)]
    git(place, "init", "--quiet", "--initial-branch=main")
    for key, value in (("user.name", "Rehearsal"), ("user.email", "rehearsal@example.org"), ("core.autocrlf", "false")):
        git(place, "config", key, value)
    commit(place, f"Import {case.project} {case.version}", [path for path in paths if path not in set(tests)])
    commit(place, "Import its tests", tests)
    git(place, "tag", case.version)
    if case.configuration:
        (place / CONFIGURATION).parent.mkdir(exist_ok=True)
        (place / CONFIGURATION).write_text(case.configuration, "utf-8")
        commit(place, "Say how it is set up and tested", [CONFIGURATION])
    return git(place, "rev-parse", "HEAD")


def commit(place: Path, message: str, paths: list[str]) -> None:
    feed = "\0".join(paths)
    git(place, "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=feed)
    git(place, "commit", "--quiet", "--no-verify", "-m", message)


def git(place: Path, *arguments: str, stdin: str = "") -> str:
    """Plain git in a repository, work tree or bare; its output without the last line's end."""
    return git_bytes(place, *arguments, stdin=stdin).decode().rstrip("\n")


def git_bytes(place: Path, *arguments: str, stdin: str = "") -> bytes:
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1", **WHO}
    done = subprocess.run(
        ["git", "-C", str(place), *arguments], input=stdin.encode(), env=environment, capture_output=True, check=False
    )
    if done.returncode:
        raise ValueError(f"git {' '.join(arguments[:2])}: {done.stderr.decode('utf-8', 'replace').strip()[-500:]}")
    return done.stdout
