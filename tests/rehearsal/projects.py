"""The published archive of a project, fetched once by its registry's own client, as a git repository with a history."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from app.checks import is_test_path
from tests.rehearsal.cases import Edit, Project

CONFIGURATION = ".github/lamplighter.yml"
WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Rehearsal"), ("EMAIL", "rehearsal@example.org"), ("DATE", "2024-01-01T12:00:00Z"))
}


def archive(case: Project, cache: Path) -> Path:
    """The archive, out of the cache or fetched. Raises ValueError when it is not the one the case was written for."""
    name = f"{case.project.replace('/', '-').removeprefix('@')}-{case.version}"
    return _kept(cache, f"{name}{_ending(case.pool)}", case.sha256, lambda folder: _fetch(case, folder))


def _ending(pool: str) -> str:
    return ".deb" if pool.endswith(".deb") else f".tar.{pool.rpartition('.')[2]}" if pool else ".tar.gz"


def _kept(cache: Path, name: str, sha256: str, fetch: Callable[[Path], None]) -> Path:
    kept = cache.absolute() / "archives" / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            fetch(Path(folder))
            (found,) = (path for path in Path(folder).iterdir() if path.name != "wanted.txt")
            found.rename(kept)
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    if digest != sha256:
        kept.unlink()
        raise ValueError(f"{name}: the archive's SHA-256 is {digest}")
    return kept


def _fetch(case: Project, folder: Path) -> None:
    if case.registry == "debian":
        return _fetch_from_pool(case.pool, case.sha256, folder)
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


APT_HELPER = "/usr/lib/apt/apt-helper"


def _fetch_from_pool(pool: str, sha256: str, folder: Path) -> None:
    """By apt's own means, from the mirrors that this machine is set up with, none of which needs source packages."""
    listed = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    try:
        found = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
    except OSError as error:
        raise ValueError(f"{pool} cannot be fetched without apt: {error}") from error
    name, said = pool.rpartition("/")[2], "no mirror of Debian is set up"
    for mirror in dict.fromkeys(found):
        get = [APT_HELPER, "download-file", f"{mirror}{pool}", str(folder / name), f"SHA256:{sha256}"]
        done = subprocess.run(get, capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        said = done.stderr.strip()[-300:]
    raise ValueError(f"{pool} cannot be fetched: {said}")


def unpacked(case: Project, cache: Path, place: Path) -> Path:
    """The files of a release in the new folder `place`, those of its further parts in it."""
    _unpack(archive(case, cache), place / case.folder)
    for part in case.parts:
        name = part.pool.rpartition("/")[2]
        got = _kept(cache, name, part.sha256, partial(_fetch_from_pool, part.pool, part.sha256))
        _unpack(got, place / part.folder)
    return place


def _unpack(packed: Path, place: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if packed.suffix == ".deb":
            subprocess.run(["dpkg-deb", "--extract", str(packed), folder], check=True)
            (root,) = (Path(folder) / "usr/share/cargo/registry").iterdir()
        else:
            with tarfile.open(packed) as archived:
                archived.extractall(folder, filter="data")
            (root,) = Path(folder).iterdir()
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(root, place)


def repository(case: Project, cache: Path, place: Path) -> str:
    """Make the git repository `place` with three or four commits and a tag; the SHA of the last one."""
    unpacked(case, cache, place)
    for path in case.removed:
        (place / path).unlink()
    _write(place, case.plants)
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
    if case.prepared:
        _write(place, case.prepared)
        commit(place, "Build it where it is", [item.path for item in case.prepared])
    if case.configuration:
        (place / CONFIGURATION).parent.mkdir(exist_ok=True)
        (place / CONFIGURATION).write_text(case.configuration, "utf-8")
        commit(place, "Say how it is set up and tested", [CONFIGURATION])
    return git(place, "rev-parse", "HEAD")


def _write(place: Path, edits: Iterable[Edit]) -> None:
    for item in edits:
        path = place / item.path
        text = item.made_in({item.path: path.read_text("utf-8") if item.old else ""})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


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
