"""npm, pnpm, yarn and bun: which one a project uses, how it is brought, how it installs and runs scripts. Pure.

They come from the registry as packages of their exact version, not through Corepack, which newer Node no longer has.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.projects.plan import Folder
from app.text.set_up import otherwise

_LOCKS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("pnpm", ("pnpm-lock.yaml",)),
    ("yarn", ("yarn.lock",)),
    ("bun", ("bun.lock", "bun.lockb")),
    ("npm", ("package-lock.json", "npm-shrinkwrap.json")),
)
_VERSION = re.compile(r"(npm|pnpm|yarn|bun)@(\d+)(\.[0-9A-Za-z.-]+)?")
# The pnpm that reads a lock as it is, by the first digit of `lockfileVersion` (pnpm's changelogs).
_PNPM_OF_LOCK = {"5": "7", "6": "8", "9": "10"}
_CLASSIC = "1"  # of yarn; later ones are another program, in another package
_MODERN = "4"
_NOT_USED = "does not install here, so its versions are not used"
_LINKED = "--config.link-workspace-packages=true --config.prefer-workspace-packages=true"  # not by itself since pnpm 9
_TOOLS = "PATH=$HOME/tools/bin:$PATH"


@dataclass(frozen=True, kw_only=True)
class Manager:
    """`version` is a whole one, the first number of one, or empty for the newest. `own` are names of a workspace's
    members that others of it want by a range of versions.
    """

    name: str
    version: str = ""
    is_locked: bool = False
    own: tuple[str, ...] = ()

    @property
    def bring(self) -> tuple[str, ...]:
        """Commands that put it on the PATH of the others; npm is there."""
        if self.name == "npm":
            return ()
        package = "@yarnpkg/cli-dist" if self.name == "yarn" and not self._is_classic else self.name
        wanted = f"{package}@{self.version}" if self.version else package
        return (f"npm install --global --prefix ~/tools --silent --no-audit --no-fund {wanted}",)

    @property
    def install(self) -> tuple[str, ...]:
        """As locked, else as nobody's lock says: with none changed or made, which would be nobody's change."""
        locked, unlocked = {
            "npm": ("npm ci --no-audit --no-fund", "npm install --no-audit --no-fund --no-package-lock"),
            "pnpm": ("pnpm install --frozen-lockfile", f"pnpm install --no-lockfile {_LINKED}"),
            "yarn": ("yarn install --frozen-lockfile", "yarn install --no-lockfile")
            if self._is_classic
            else ("yarn install --immutable", "yarn install --no-immutable"),
            "bun": ("bun install --frozen-lockfile", "bun install --no-save"),
        }[self.name]
        unlocked = self._found(unlocked) + self._from_the_tree
        if not self.is_locked:
            return (*self.bring, unlocked)
        is_renewed = self.name == "yarn" and not self._is_classic
        end = "is not up to date, so it was brought up to date for the tests" if is_renewed else _NOT_USED
        said = f"the lock of {self.name} {end}"
        return (*self.bring, otherwise(self._found(locked), unlocked, said))

    def run(self, script: str) -> str:
        """CI=true keeps jest and vitest from waiting for somebody to press a key."""
        return f"CI=true {self._found(f'npm {script}' if self.name == 'npm' else f'{self.name} run {script}')}"

    def run_everywhere(self, script: str) -> str:
        """In every package of the workspace that has the script."""
        command = {
            "npm": f"npm run {script} --workspaces --if-present",
            "pnpm": f"pnpm --recursive run {script}",
            "yarn": f"yarn workspaces run {script}"
            if self._is_classic
            else f"yarn workspaces foreach --all run {script}",
            "bun": f"bun run --filter '*' {script}",
        }[self.name]
        return f"CI=true {self._found(command)}"

    @property
    def _from_the_tree(self) -> str:
        """Fails where a member was fetched after all: when that of the tree fits no range, every manager takes
        what the registry has under its name, whoever put it there. With a lock the lock says what is meant.
        """
        paths = " -o ".join(f"-path {shlex.quote(f'*/node_modules/{name}')}" for name in self.own)
        return rf" && ! find . \( {paths} \) -prune ! -type l -print | grep ." if self.own else ""

    @property
    def _is_classic(self) -> bool:
        return self.version.partition(".")[0] == _CLASSIC

    def _found(self, command: str) -> str:
        return command if self.name == "npm" else f"{_TOOLS} {command}"


def manager_of(folder: Folder, package: Mapping[str, Any]) -> Manager:
    """By `packageManager`, else by the lock, else npm."""
    locked = [name for name, locks in _LOCKS if folder.names.intersection(locks)]
    if said := _VERSION.match(str(package.get("packageManager") or "")):
        return Manager(name=said[1], version=said[2] + (said[3] or ""), is_locked=said[1] in locked)
    name = locked[0] if locked else "pnpm" if "pnpm-workspace.yaml" in folder.names else "npm"
    return Manager(name=name, version=_version_of_lock(folder, name), is_locked=bool(locked))


def _version_of_lock(folder: Folder, name: str) -> str:
    if name == "pnpm":
        found = re.search(r"^lockfileVersion:\s*['\"]?(\d)", folder.text("pnpm-lock.yaml"), re.MULTILINE)
        return _PNPM_OF_LOCK.get(found[1], "") if found else ""
    if name == "yarn":
        return _MODERN if "__metadata:" in folder.text("yarn.lock")[:2000] else _CLASSIC
    return ""
