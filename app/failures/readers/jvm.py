"""Maven, Gradle, javac, and an exception that ended a JVM. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.failures.readers.shape import MAX_FAILURES, Reader, blocks, failure_at, relative
from app.failures.records import Cause, Failure, Reading

_MAVEN_SOURCE = re.compile(
    r"\[ERROR\] (/?[^\s:\[]{1,300}\.(?:java|kt|groovy"
    r"|scala)):\[(\d{1,7}),\d{1,7}\] (?:error: )?(.*)$"
)
_MAVEN_TEST = re.compile(
    r"\[ERROR\] (?:Tests\.)?([\w.$]{1,200}?)[ (]?\(?([\w.$]{0,200})\)? {1,3}(?:-- )?Time elapsed: [\d.,]+ m?s {1,3}<<< "
    r"(?:FAILURE|ERROR)!"
)
_FRAME = re.compile(
    r"\s+at (?:[\w.-]{1,80}(?:@[\w.]{1,40})?//?)?([\w.$<>]{1,300})\(([\w$]{1,100}\.(?:java|kt"
    r"|groovy|scala)):(\d{1,7})\)"
)
_SHORT_FRAME = re.compile(
    r"\s+at ([\w$]{1,100}\.(?:java|kt|groovy)):(\d{1,7})$"
)  # Gradle's own, which leaves the package out
_JAVAC = re.compile(
    r"(?::[\w:]{1,80}(?=/))?(?:e: )?(?:file://)?((?:/|[A-Za-z]:)?[^\s:]{1,300}\.(?:java|kt|groovy"
    r"|scala)):(\d{1,7}):(?:\d{1,7}:?)? (?:error: )?(.*)$"
)
_GRADLE_TEST = re.compile(r"(\S.{0,200} > .{1,200}) FAILED$")
_THROWN = re.compile(
    r"(?:Exception in thread \".{1,80}\" )?((?:[a-z][\w$]*\.){1,12}[A-Z][\w$]*(?:Exception|Error"
    r"|Failure|Throwable)\b(?::.*)?)$"
)
_LIBRARIES = (
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "org.junit.",
    "junit.",
    "org.testng.",
    "kotlin.",
    "scala.",
    "org.gradle.",
    "org.apache.maven.",
    "org.hamcrest.",
)
_ONLY_UNRESOLVED = re.compile(
    r"Could not (?:resolve dependencies|find artifact|resolve all|transfer artifact)"
    r"|Non-resolvable|could not be resolved"
)


def _frames(block: Sequence[str]) -> list[tuple[str, str]]:
    """The project's own, outermost first, as paths that follow from package and file."""
    found = []
    for line in block:
        frame = _FRAME.match(line)
        if frame and not frame[1].startswith(_LIBRARIES):
            package = frame[1].split("$")[0].rpartition(".")[0].rpartition(".")[0].replace(".", "/")
            found.append((f"{package}/{frame[2]}" if package else frame[2], frame[3]))
    return found[::-1]


# ------------------------------------------------------------ maven


def _maven(lines: Sequence[str]) -> Reading | None:
    if not any(line.startswith(("[INFO]", "[ERROR]")) for line in lines):
        return None
    sources: dict[tuple[str, str, str], Failure] = {}
    for at, line in enumerate(lines):
        if (found := _MAVEN_SOURCE.match(line)) and len(sources) < MAX_FAILURES:
            after = lines[at + 1].removeprefix("[ERROR]").strip() if at + 1 < len(lines) else ""
            below = after if after.startswith("symbol:") else ""
            message = " ".join([found[3], re.sub(r"\s+", " ", below)]).strip()
            place = relative(found[1])
            failure = Failure(message=message, path=place, line=int(found[2]), at=at, until=at + bool(below))
            sources.setdefault((place, found[2], found[3]), failure)
    if sources:
        return Reading(tool="maven", cause="compile", failures=tuple(sources.values()))
    heads = [
        (at, f"{found[2] or ''}.{found[1]}".strip("."))
        for at, line in enumerate(lines)
        if (found := _MAVEN_TEST.match(line))
    ]
    heads = [(at, name) for at, name in heads if not re.match(r"Tests\b", name)]
    if heads:
        tests = [_thrown_below(at, name, block) for at, name, block in blocks(lines, heads, len(lines), most=40)]
        return Reading(tool="maven", cause="test", failures=tuple(tests))
    return _maven_goal(lines)


def _thrown_below(at: int, name: str, block: Sequence[str]) -> Failure:
    first = next((n for n, line in enumerate(block) if line.strip()), 0)
    message = block[first].strip() if block else name
    stop = next(
        (n for n, line in enumerate(block) if n > first and not line.startswith(("\t", " ", "Caused"))), len(block)
    )
    package = name.split(" > ", maxsplit=1)[0].rpartition(".")[0].replace(".", "/")
    short = [(f"{package}/{found[1]}".lstrip("/"), found[2]) for line in block if (found := _SHORT_FRAME.search(line))]
    return failure_at(message, _frames(block[:stop]) or short[:1], name=name, at=at + 1 + first, until=at + 1 + first)


def _maven_goal(lines: Sequence[str]) -> Reading | None:
    """No test and no source: what kept the goal, or the POM itself, from being carried out."""
    for at, line in enumerate(lines):
        if line.startswith("[FATAL] ") or re.match(r"\[ERROR\] {1,8}Non-(?:readable|parseable) POM", line):
            failure = Failure(message=line.partition("] ")[2].strip(), path="pom.xml", at=at, until=at)
            return Reading(tool="maven", cause="usage", failures=(failure,))
        if line.startswith("[ERROR] Failed to execute goal "):
            message = line.removeprefix("[ERROR] ")
            cause: Cause = "dependency" if _ONLY_UNRESOLVED.search(line) else "command"
            place = "pom.xml" if cause == "dependency" else ""
            return Reading(tool="maven", cause=cause, failures=(Failure(message=message, path=place, at=at, until=at),))
        if line.startswith("[ERROR] ") and _ONLY_UNRESOLVED.search(line):
            failure = Failure(message=line.removeprefix("[ERROR] "), path="pom.xml", at=at, until=at)
            return Reading(tool="maven", cause="dependency", failures=(failure,))
    return None


# ------------------------------------------------------------ gradle and javac


def _gradle(lines: Sequence[str]) -> Reading | None:
    wrong = next((at for at, line in enumerate(lines) if line.startswith("* What went wrong:")), None)
    if wrong is None and not any(line.startswith(("> Task :", "FAILURE: Build failed")) for line in lines):
        return None
    if sources := _sources(lines):
        return Reading(tool="gradle", cause="compile", failures=tuple(sources))
    heads = [
        (at, found[1]) for at, line in enumerate(lines) if (found := _GRADLE_TEST.match(line)) and "Task :" not in line
    ]
    if heads:
        tests = [_thrown_below(at, name, block) for at, name, block in blocks(lines, heads, len(lines), most=30)]
        return Reading(tool="gradle", cause="test", failures=tuple(tests))
    if wrong is None:
        return None
    said = [(at, line.strip()) for at, line in enumerate(lines[wrong + 1 : wrong + 12], wrong + 1) if line.strip()]
    said = said[: next((n for n, (_, text) in enumerate(said) if text.startswith("* ")), len(said))]
    message = " ".join(text for _, text in said[:3]) or "failed"
    missing = (
        bool(re.search(r"Could not (?:resolve|find|get|download)", message))
        and "method" not in message
        and "property" not in message
    )
    where = re.match(
        r"(?:Build|Script|Settings) file '(.{1,300})' line: (\d{1,7})",
        next((line for line in lines if " file '" in line), ""),
    )
    place = [(where[1], where[2])] if where else []
    until = said[min(2, len(said) - 1)][0] if said else wrong
    failure = failure_at(message, place, at=said[0][0] if said else wrong, until=until)
    return Reading(tool="gradle", cause="dependency" if missing else "usage", failures=(failure,))


def _sources(lines: Sequence[str]) -> list[Failure]:
    failures: list[Failure] = []
    for at, line in enumerate(lines):
        found = _JAVAC.match(line)
        if found and (": error: " in line or line.startswith("e: ")) and len(failures) < MAX_FAILURES:
            failures.append(Failure(message=found[3], path=relative(found[1]), line=int(found[2]), at=at, until=at))
    return failures


def _javac(lines: Sequence[str]) -> Reading | None:
    sources = _sources(lines)
    return Reading(tool="javac", cause="compile", failures=tuple(sources)) if sources else None


def _java(lines: Sequence[str]) -> Reading | None:
    for at in range(len(lines) - 1, -1, -1):
        found = _THROWN.match(lines[at])
        if found and any(line.lstrip().startswith("at ") for line in lines[at + 1 : at + 3]):
            memory = "java.lang.OutOfMemoryError" in found[1]
            failure = failure_at(found[1], _frames(lines[at + 1 : at + 60]), at=at, until=at)
            return Reading(tool="java", cause="memory" if memory else "crash", failures=(failure,), certain=memory)
    return None


READERS = (
    Reader(tool="maven", signs=("[ERROR]", "[FATAL]"), read=_maven),
    Reader(tool="gradle", signs=("* What went wrong:", "> Task :"), read=_gradle),
    Reader(tool="javac", signs=(".java:",), read=_javac),
    Reader(tool="java", signs=("\tat ",), read=_java),
)
