"""What a run is asked to do, frozen when it was asked: later edits of the issue do not change it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from app.events.deciding import Comment, Task
from app.events.working import QuestionAsked
from app.jobs.job import Command, Job

_SLUG_LENGTH = 40


def task_of(job: Job, command: Command, comments: Sequence[Comment], earlier: Task | None) -> Task:
    """What was asked, with the conversation so far; a retry keeps the instructions of the run before."""
    instructions = [command.text] if command.text else []
    if earlier and earlier.instructions:
        instructions.insert(0, earlier.instructions)
    return Task(
        title=job.source.title,
        body=job.source.body,
        author=job.source.author,
        url=job.source.url,
        instructions="\n".join(instructions),
        comments=list(comments),
    )


def branch_name(prefix: str, job: Job, run_id: str) -> str:
    """`agent/<issue>-<slug>-<run4>`: deterministic, and made of letters, digits and hyphens only.

    A local run has no issue number.
    """
    number = f"{job.thread.number}-" if job.thread.number else ""
    plain = unicodedata.normalize("NFKD", job.source.title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG_LENGTH].strip("-") or "change"
    return f"{prefix}{number}{slug}-{run_id[:4]}"


def answer_text(text: str, asked: QuestionAsked) -> str:
    """The answer with every choice such as `1b` spelled out, so that nobody has to look it up."""
    chosen = []
    for number, letter in re.findall(r"(?<![\w])([1-3])\s?([a-d])(?![\w])", text.lower()):
        questions = asked.questions
        options = questions[int(number) - 1].options if int(number) <= len(questions) else []
        position = "abcd".index(letter)
        if position < len(options):
            chosen.append(f"{number}{letter} = {options[position]}")
    return f"{text.strip()}\n({'; '.join(chosen)})" if chosen else text.strip()


def plan_answer(text: str, *, approved: bool) -> str:
    """What the model is told of its plan."""
    return "Approved: carry the plan out." if approved else f"Not approved. Propose another plan: {text.strip()}"
