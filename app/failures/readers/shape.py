"""What readers are made of: paths, blocks, and the reader for tools that print one line for each mistake. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.failures.records import Cause, Failure, Place, Reading

Read = Callable[[Sequence[str]], Reading | None]
MAX_FAILURES = 200  # of one step; nobody reads on
_RUNNER = re.compile(r"^/(?:home/runner/work|__w)/[\w.-]+/[\w.-]+/")
_FOREIGN = re.compile(
    r"(?:^|[/\\])(?:site-packages|dist-packages|node_modules|\.cargo|\.rustup|\.m2|\.gradle|hostedtoolcache"
    r"|lib[/\\]python\d|vendor[/\\]bundle|\.pnpm)[/\\]"
    r"|^<|^(?:node|internal):|^/(?:usr|opt|lib|nix|rustc|root|var|private)/|^[A-Za-z]:[/\\](?:Program|hosted)"
    r"|[/\\]go[/\\](?:src|pkg[/\\]mod)[/\\]"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """One tool. `signs`: it is asked only where one of these stands somewhere in the lines."""

    tool: str
    signs: tuple[str, ...]
    read: Read


def relative(path: str) -> str:
    """`path` as it stands in the repository, as far as that can be told from the runner's workspace."""
    path = path.strip().removeprefix("file://")
    if path[1:3] in {":/", ":\\"}:
        path = re.sub(r"^[A-Za-z]:[/\\]a[/\\][\w.-]+[/\\][\w.-]+[/\\]", "", path)
    path = _RUNNER.sub("", path).replace("/github/workspace/", "", 1).replace("\\", "/")
    return path.removeprefix("./")[:300]


def is_foreign(path: str) -> bool:
    """Whether it is a file of a tool, a library or the language, not of the project."""
    return _FOREIGN.search(path) is not None


def failure_at(message: str, places: Sequence[tuple[str, str | int]], **more: object) -> Failure:
    """A failure whose `places`, outermost first, lead to it; the innermost one of the project is its own."""
    own = [Place(path=relative(path), line=int(line)) for path, line in places if not is_foreign(path)]
    last = own[-1] if own else Place(path="")
    also = tuple(dict.fromkeys(place for place in own[:-1] if place != last))[-5:]
    return Failure(message=message[:500], path=last.path, line=last.line, also=also, **more)  # type: ignore[arg-type]


def blocks(
    lines: Sequence[str], heads: Sequence[tuple[int, str]], end: int, *, most: int = 200
) -> Iterator[tuple[int, str, Sequence[str]]]:
    """For each head, at (index, title): its index, its title and the lines up to the next head, at most `most`."""
    for number, (at, title) in enumerate(heads[:MAX_FAILURES]):
        following = heads[number + 1][0] if number + 1 < len(heads) else end
        yield at, title, lines[at + 1 : min(following, at + 1 + most)]


def line_reader(tool: str, *patterns: tuple[Cause, str], signs: tuple[str, ...], certain: bool = True) -> Reader:
    """A reader for one mistake a line: patterns with the groups path, line, name and message, of which any may miss.

    The cause is that of the first pattern that found something.
    """
    compiled = [(cause, re.compile(pattern)) for cause, pattern in patterns]

    def read(lines: Sequence[str]) -> Reading | None:
        failures: list[Failure] = []
        causes: list[int] = []
        for at, line in enumerate(lines):
            for rank, (_, pattern) in enumerate(compiled):
                if found := pattern.match(line):
                    failures.append(_failure(found, at))
                    causes.append(rank)
                    break
            if len(failures) == MAX_FAILURES:
                break
        if not failures:
            return None
        return Reading(tool=tool, cause=compiled[min(causes)][0], failures=tuple(failures), certain=certain)

    return Reader(tool=tool, signs=signs, read=read)


def _failure(found: re.Match[str], at: int) -> Failure:
    groups = found.groupdict()
    return Failure(
        message=(groups.get("message") or found[0]).strip()[:500],
        name=(groups.get("name") or "").strip(),
        path=relative(groups.get("path") or ""),
        line=int(groups.get("line") or 0) if len(groups.get("line") or "") < 9 else 0,
        at=at,
        until=at,
    )
