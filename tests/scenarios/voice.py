"""What people saw of the bot in a story, as a page: `make voice` collects it from all stories into docs/voice.md.

VOICE=FOLDER pytest tests/scenarios      each story told once on one machine leaves a file there
python -m tests.scenarios.voice FOLDER   puts them together, each text in full where it is first said
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config.values import PACKAGE_HOSTS
from app.simulator.state import Issue, Pull, Repository

_BOT = "[bot]"
_DETAILS = (
    (r"\b[0-9a-f]{40}\b", "c0ffee0"),
    (r"\b[0-9a-f]{16}\b", "5ca1ab1e00000000"),
    (r"`[0-9a-f]{7,8}`", "`5ca1ab1e`"),
    (r"\b\d+(\.\d+)? ?s\b", "3 s"),
    (r'File "/[^"]*/(unittest/[^"]+)"', r'File "/usr/lib/python3/\1"'),
    (rf"\b(?:{'|'.join(map(re.escape, PACKAGE_HOSTS))})\b", "registry.example"),
    (r"https?://127\.0\.0\.1:\d+", "https://lamplighter.example"),
)
_HEAD = """\
# The voice of the bot

Every comment, check, pull request and label change of the stories in `tests/scenarios`, in order, as they stand at the
end and as the person sees them who gets them. Made by `make voice`; run numbers, commits and seconds are stand-ins. A
text that was shown before is named, not repeated, and a story that says nothing new is left out.
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One thing on a thread: `text` in full, `title` in one line."""

    at: Any
    order: int
    title: str
    text: str = ""


def collect(repositories: Iterable[Repository], story: str) -> None:
    """Keep what a story showed, when VOICE names a folder."""
    folder = os.environ.get("VOICE")
    if not folder:
        return
    parts = [part for repository in repositories for part in _repository(repository)]
    if parts:
        name = re.sub(r"\W+", "_", story.partition("[")[0].replace("tests/scenarios/", ""))
        case = re.sub(r"\W+", "_", story.partition("[")[2].replace("once-local", ""))
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"{name}{case}.md").write_text(f"## {_spoken(story)}\n\n" + "\n".join(parts), "utf-8")


def _spoken(story: str) -> str:
    """`test_label_by_outsider_starts_nothing[x-once-local]` as a sentence."""
    name = story.rpartition("::")[2].replace("test_", "", 1)
    name, _, case = name.partition("[")
    case = case.rstrip("]").replace("once-local", "").strip("-")
    return name.replace("_", " ").capitalize() + (f" ({case})" if case else "")


def _repository(repository: Repository) -> Iterator[str]:
    for thread in repository.threads.values():
        seen = sorted(_thread(thread), key=lambda item: (str(item.at), item.order))
        if seen:
            kind = "Pull request" if isinstance(thread, Pull) else "Issue"
            yield f"### {kind} #{thread.number}: {thread.title}\n"
            yield from map(_written, seen)
    for run in repository.runs:
        if run.output:
            title = f"check `{run.name}`: {run.conclusion or run.status}: {run.output.get('title') or ''}"
            yield _written(Seen(at="", order=run.id, title=title, text=run.output.get("summary") or ""))


def _thread(thread: Issue) -> Iterator[Seen]:
    if thread.author.endswith(_BOT):
        draft = " (draft)" if isinstance(thread, Pull) and thread.draft else ""
        yield Seen(at=thread.created_at, order=thread.id, title=f"opened{draft}", text=thread.body or "")
    for comment in thread.comments:
        if comment.author.endswith(_BOT):
            yield Seen(at=comment.created_at, order=comment.id, title="comment", text=comment.body)
        else:
            said = comment.body.strip().split("\n")[0][:100]
            yield Seen(at=comment.created_at, order=comment.id, title=f"{comment.author}: {said}")
    for event in thread.events:
        if event.event in {"labeled", "unlabeled"}:
            sign = "+" if event.event == "labeled" else "−"
            label = event.detail.get("label")
            name = label.get("name") if isinstance(label, dict) else label
            yield Seen(at=event.created_at, order=event.id, title=f"{event.actor.login}: label {sign}`{name}`")


def _written(seen: Seen) -> str:
    text = re.sub(r"<!--.*?-->\n?", "", seen.text, flags=re.DOTALL)
    quoted = "".join(f"> {line}\n".replace("> \n", ">\n") for line in text.strip().splitlines())
    return f"**{seen.title}**\n\n{quoted}\n" if quoted else f"- {seen.title}\n"


def page(folder: Path) -> str:
    """All stories together; a quoted text that came before is left out for a word about where."""
    first: dict[str, str] = {}
    stories = [_told(file.read_text("utf-8"), first) for file in sorted(folder.glob("*.md"))]
    return "\n".join([_HEAD, *filter(None, stories)])


def _told(story: str, first: dict[str, str]) -> str:
    """The story with what was said before named only; empty when nothing in it is new."""
    for pattern, instead in _DETAILS:
        story = re.sub(pattern, instead, story)
    name = story.partition("\n")[0].lstrip("# ")
    texts = re.findall(r"(?:^>.*\n)+", story, flags=re.MULTILINE)
    if texts and all(text in first for text in texts):
        return ""
    for text in texts:
        if text in first:
            story = story.replace(text, f"*(as in “{first[text]}”)*\n")
        first.setdefault(text, name)
    return re.sub(r"\n\n\n+", "\n\n", re.sub(r"\n\n(?=- )", "\n", story))


if __name__ == "__main__":
    print(page(Path(sys.argv[1])), end="")
