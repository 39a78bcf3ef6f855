"""What can be said of the place where a run's work happens: the sandbox and its tools, the checkout, the tests.

Said once, in the first message (`app.agent.briefing`). What a sandbox prints is hearsay: of its tools only version
numbers are taken, everything longer goes into a quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.agent import Briefing, Fact, Options
from app.events.deciding import Task
from app.ports.sandbox import Limits, Sandbox
from app.projects import Plan
from app.text.untrusted import one_line
from app.verify import CommandResult
from app.workspace import Checkout, Guides

PROBE_SECONDS = 10.0  # what has not answered by then is left out
HOSTS, COMMANDS = 6, 5  # named
FAILING, LAST_LINES, LINE_CHARS = 20, 15, 240  # of a command that failed before the work
_COMMAND_CHARS = 300

# Asked for their version: these answer in milliseconds and leave nothing behind.
_VERSIONED = ("git", "make", "gcc", "python", "python3", "uv", "node", "cargo", "ruby", "php", "rg")
# Only looked for: these start a virtual machine, write to the home or ask the network.
_NAMED = ("npm", "pnpm", "yarn", "mvn", "gradle", "dotnet", "bundle", "composer", "cmake", "jq")
_EXPECTED = ("python3", "node", "go", "cargo", "java", "rg")  # worth saying when they are not there
# Where Debian and most images keep versions beside one another.
_ELSEWHERE = (
    "/usr/lib/go-*/bin/go /usr/lib/jvm/java-*/bin/java /usr/bin/ruby[0-9]* /usr/bin/php[0-9]* /usr/bin/node[0-9]*"
)
_PROGRAM = re.compile(r"/usr/[\w./+-]{1,100}")
_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){1,3}")
_SYSTEM = re.compile(r"[a-z][a-z0-9._-]{1,19}(?: \d[\d.]{0,9})?")

# Bash's own words where they do: starting processes is what this costs.
_PROBE = f"""\
ask() {{
  command -v "$1" >/dev/null || return
  IFS= read -r line < <(exec "$@" 2>&1 </dev/null)
  printf '%s\\t%s\\n' "$1" "${{line:0:200}}"
}}
for tool in {" ".join(_VERSIONED)}; do ask "$tool" --version & done
ask go version &
for tool in {" ".join(_NAMED)}; do command -v "$tool" >/dev/null && printf '%s\\t\\n' "$tool"; done
if home=$(readlink -f "$(command -v java)"); then
  while IFS== read -r name value; do
    [ "$name" = JAVA_VERSION ] && printf 'java\\t%s\\n' "$value"
  done <"${{home%/bin/java}}/release"
fi
for other in {_ELSEWHERE}; do [ -x "$other" ] && printf 'elsewhere\\t%s\\n' "$other"; done
printf 'cores\\t%s\\n' "$(nproc)"
. /etc/os-release && printf 'system\\t%s %s\\n' "$ID" "$VERSION_ID"
wait
"""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a sandbox has: `tools` as name → version, "" where only its presence is known."""

    system: str = ""
    cores: int = 0
    tools: Mapping[str, str]
    elsewhere: tuple[str, ...] = ()  # programs of other versions


UNFINISHED = (
    "The tree already holds what an earlier run had changed for this request before it stopped: `git diff` and `git "
    "status` show it. None of it is verified; keep what is right, change the rest."
)


def look_around(sandbox: Sandbox) -> Machine:
    """Ask the sandbox. Raises TransientError when it is closed meanwhile: half an answer would be kept for good."""
    ran = sandbox.run(_PROBE, timeout_seconds=PROBE_SECONDS).by_itself()
    said: dict[str, str] = {}
    elsewhere: list[str] = []
    for line in ran.text.splitlines():
        name, is_answer, text = line.partition("\t")
        if is_answer and name == "elsewhere":
            elsewhere += [text] if _PROGRAM.fullmatch(text) else []
        elif is_answer:
            said.setdefault(name, text)
    version = {name: _VERSION.search(text) for name, text in said.items()}
    known = (*_VERSIONED, "go", "java", *_NAMED)
    cores = re.fullmatch(r"\d{1,4}", said.get("cores", "").strip())
    system = _SYSTEM.fullmatch(said.get("system", "").strip())
    return Machine(
        system=system[0] if system else "",
        cores=int(cores[0]) if cores else 0,
        tools={name: found[0] if (found := version[name]) else "" for name in known if name in said},
        elsewhere=tuple(elsewhere),
    )


def briefing(
    *,
    machine: Machine,
    limits: Limits,
    hosts: Sequence[str],
    plan: Plan,
    baseline: Sequence[CommandResult],
    made: Checkout,
    ref: str,
    root: str,
    guides: Guides,
    instructions: str = "",
    branch: str = "",
    more: Sequence[Fact] = (),
) -> Briefing:
    """`root`: the map of the root; `ref`: the branch; `instructions`: what the repository's configuration says;
    `branch`: what there is to say of a pull request's; `more`: of this run's kind of work.
    """
    told = [(".github/lamplighter.yml", instructions)] if instructions else []
    return Briefing(
        facts=(
            Fact(text=_sandbox(machine, limits)),
            Fact(text=_network(hosts, plan)),
            *_tests(plan, baseline),
            *_checkout(made),
            *([Fact(text=branch)] if branch else []),
            *more,
            Fact(text=f"The root of `{one_line(ref, 100)}` ({made.files:,} files):", quote=root, what="root"),
        ),
        guides=(*guides.full, *told),
        guides_elsewhere=guides.elsewhere,
    )


def on_a_branch(ref: str, base_ref: str, fork_point: str) -> str:
    """Where a pull request's branch `ref` left `base_ref`: at the commit `fork_point`, empty when they share none."""
    branch, base = one_line(ref, 100), one_line(base_ref, 100)
    stands = f"The tree is the head of the pull request's branch `{branch}`, made for `{base}`."
    if not fork_point:
        return f"{stands} The two share no commit."
    return f"{stands} `git diff {fork_point[:12]}` shows what the pull request changes."


def _sandbox(machine: Machine, limits: Limits) -> str:
    cores = f"{machine.cores} core{'s' if machine.cores != 1 else ''}" if machine.cores else ""
    memory, disk = f"{_gib(limits.memory_bytes)} of memory", f"{_gib(limits.disk_bytes)} of disk"
    said = ", ".join(part for part in (machine.system, cores, memory, disk) if part)
    tools = ", ".join(f"{name} {version}".strip() for name, version in sorted(machine.tools.items()))
    absent = ", ".join(name for name in _EXPECTED if name not in machine.tools)
    return (
        f"The sandbox: {said}. A command of yours is stopped after {Options().command_seconds:.0f} seconds.\n"
        f"Tools: {tools or 'only those of a bare system'}." + (f" Not there: {absent}." if absent else "")
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:.3g} GiB"


def _network(hosts: Sequence[str], plan: Plan) -> str:
    if not plan.setup:
        return "The network is closed. Nothing had to be installed for the tests."
    named = ", ".join(hosts[:HOSTS]) + (f" and {len(hosts) - HOSTS} more" if len(hosts) > HOSTS else "")
    open_to = f" with it open to {named}" if hosts else ""
    return f"The network is closed. Before, set-up ran{open_to}:\n{_commands(plan.setup)}"


def _commands(commands: Sequence[str]) -> str:
    more = f"; and {len(commands) - COMMANDS} more" if len(commands) > COMMANDS else ""
    return "; ".join(f"`{one_line(command, _COMMAND_CHARS)}`" for command in commands[:COMMANDS]) + more


def _tests(plan: Plan, baseline: Sequence[CommandResult]) -> Iterator[Fact]:
    if not plan.verify:
        yield Fact(text="No way to run this project's tests was found; say so under `not_proven` when you finish.")
        return
    yield Fact(text=f"These commands decide whether the work is accepted: {_commands(plan.verify)}")
    if plan.sources:
        listed = "\n".join(dict.fromkeys(plan.sources.values()))
        yield Fact(text="They stand where the branch is guarded:", quote=listed, what="sources of the tests")
    if plan.not_here:
        yield Fact(text="Not run here, so nothing vouches for it:", quote="\n".join(plan.not_here), what="not run here")
    for result in baseline[:COMMANDS]:
        ended = f"Before your work, `{one_line(result.command, _COMMAND_CHARS)}` ended with {_ended(result)}"
        if result.ok:
            yield Fact(text=f"{ended}.")
        else:
            yield Fact(text=f"{ended}:", quote=_failed(result), what="failing before the work")


def _ended(result: CommandResult) -> str:
    numbers = result.counts.numbers() if result.counts else {}
    counts = ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)
    return result.ended + (f" ({counts})" if counts else "")


def _failed(result: CommandResult) -> str:
    """The names of what failed, as the runner prints them, and the end of the output."""
    names = list(result.counts.failing) if result.counts else []
    lines = [one_line(name, LINE_CHARS) for name in names[:FAILING]]
    lines += [f"and {len(names) - FAILING:,} more"] if len(names) > FAILING else []
    last = [_line(line) for line in result.tail.rstrip().splitlines()[-LAST_LINES:]]
    return "\n".join([*lines, *(["", "last lines:"] if lines and last else []), *last]) or "(no output)"


def _line(line: str) -> str:
    return line if len(line) <= LINE_CHARS else f"{line[:LINE_CHARS]}…"


def _checkout(made: Checkout) -> Iterable[Fact]:
    if made.notes:
        yield Fact(text="About the checkout:", quote="\n".join(made.notes), what="checkout")


def text_of(task: Task) -> str:
    """All that people said in a task as it was frozen (`run.created`.`task`), to look for names of files in."""
    return "\n".join([task.title, task.body, task.instructions, *(comment.body for comment in task.comments)])
