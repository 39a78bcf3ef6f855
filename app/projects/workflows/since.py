"""Options that pick what is tested by what git says has changed. At base nothing has, so all is tested. Pure.

Sources: pnpm.io/filtering, turborepo.com/docs/reference/run, nx.dev (affected), lerna.js.org (--since), jestjs.io and
vitest.dev (their command lines), yarnpkg.com/cli/workspaces/foreach, pytest-picked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_OF_GIT = re.compile(r"[^\[\]]*\[[^\]]+\][^\[\]]*")  # `[HEAD^]`, `...[origin/main]`, `{packages/**}[main]`
_FILTERS = frozenset({"--filter", "-F", "--filter-prod"})
_FLAGS = re.compile(
    r"--(affected|since|changedSince|changed|onlyChanged|lastCommit|changedFilesWithAncestor|picked"
    r"|changed-files-ignore-pattern)(=.*)?"
)
_WITH_A_REFERENCE = frozenset({"--since", "--changed", "--changedSince", "--changed-files-ignore-pattern"})
_OF_NX = re.compile(r"--(base|head|uncommitted|untracked|files)(=.*)?")
_TOOLS = re.compile(r"pnpm|turbo|nx|lerna|jest|vitest|yarn|npx|bunx|pnpx|npm|bun|python[\d.]*|pytest|py\.test")


def without_since(words: Sequence[str]) -> list[str]:
    """The words without what only picks the changed; `pnpm --filter [main] test` is `pnpm --recursive test`."""
    if not words or not _TOOLS.fullmatch(words[0].rpartition("/")[2]):
        return list(words)
    is_nx = "nx" in words[:3] and any(word.partition(":")[0] == "affected" for word in words)
    kept: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, sign, value = word.partition("=")
        if name in _FILTERS and _OF_GIT.fullmatch(value if sign else rest[0] if rest else ""):
            rest = rest if sign else rest[1:]
        elif _FLAGS.fullmatch(word) or (word == "-o" and "jest" in words[:3]) or (is_nx and _OF_NX.fullmatch(word)):
            takes = name in _WITH_A_REFERENCE or (is_nx and name in {"--base", "--head", "--files"})
            rest = rest[1:] if takes and not sign and rest and not rest[0].startswith("-") else rest
        elif is_nx and (word == "affected" or word.startswith("affected:")):
            kept += ["run-many", *(["-t", word.partition(":")[2]] if ":" in word else [])]
        else:
            kept.append(word)
    is_all = _FILTERS.isdisjoint(kept) and not any(word.startswith("--filter=") for word in kept)
    if len(kept) < len(words) and kept[0] == "pnpm" and is_all and not {"-r", "--recursive", "recursive"} & set(kept):
        kept.insert(1, "--recursive")
    return kept


__all__ = ["without_since"]
