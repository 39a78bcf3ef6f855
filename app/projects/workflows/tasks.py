"""What a project's own tasks run: package scripts, targets, recipes, scripts in files, environments of Hatch. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.projects import manifests
from app.projects.make import JUSTFILES, MAKEFILES, TASKFILES
from app.projects.plan import Folder
from app.projects.workflows.sessions import tox_names
from app.projects.workflows.shell import Command
from app.projects.workflows.tox_env import environment

_NODE = frozenset({"npm", "pnpm", "yarn", "bun"})
_VALUES = frozenset(
    {"--filter", "-F", "--prefix", "-w", "--workspace", "-C", "--cwd", "--dir", "-f", "--file", "--include", "-j",
     "--jobs", "-e", "--env"}
)  # fmt: skip
_EVERYWHERE = frozenset(
    {"-r", "--recursive", "--workspaces", "--filter", "-F", "workspace", "workspaces", "--workspace"}
)
_NO_TESTS = frozenset(
    {
        "lint",
        "mypy",
        "docs",
        "pyright",
        "flake8",
        "typing",
        "types",
        "typecheck",
        "style",
        "pylint",
        "bench",
        "coverage",
    }
)
_MOST_CHARS = 8_000
_DEEPEST = 3  # tasks within tasks
_SHORT = {"t": "test", "tst": "test"}


@dataclass(frozen=True, kw_only=True)
class Task:
    """`runs` is what it runs as a script, None where the project does not say."""

    name: str
    runs: str | None = None


def task_of(command: Command, folder: Folder) -> Task | None:
    """None for a command that is no task of the project's."""
    words = command.words
    if not words:
        return None
    tool = words[0]
    if tool in _NODE:
        return _of_package(words, folder)
    if tool in {"npm-run-all", "run-s", "run-p", "concurrently", "wireit"}:
        names = [word for word in words[1:] if not word.startswith("-")]
        return Task(name=" ".join(names), runs="\n".join(f"npm run {name.removeprefix('npm:')}" for name in names))
    if tool in {"turbo", "nx", "lerna", "moon", "wireit", "rush", "preconstruct"}:
        return Task(name=" ".join(word for word in words[1:] if not word.startswith("-")))
    if tool in {"make", "gmake"}:
        return _of_make(words, folder)
    if tool in {"just", "task", "invoke", "inv", "poe", "doit", "mage", "mise", "pixi", "rake"} and len(words) > 1:
        return _of_recipe(tool, words, folder)
    if tool in {"tox", "nox"} or words[1:3] in {("-m", "tox"), ("-m", "nox")}:
        return _of_sessions(words, folder)
    if tool == "hatch" and "run" in words:
        return _of_hatch(words[words.index("run") + 1 :], folder)
    return _of_file(words, folder)


def script_name(words: tuple[str, ...]) -> str:
    """Of `npm run x`, `pnpm --filter y x`, `yarn workspace z x`; "" where there is none."""
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        if word in _VALUES or word in {"workspace"}:
            rest = rest[1:]
        elif not word.startswith("-") and word not in {"run", "run-script", "workspaces", "foreach", "recursive"}:
            return _SHORT.get(word, word)
    return ""


def _of_package(words: tuple[str, ...], folder: Folder) -> Task | None:
    name = script_name(words)
    if not name or (words[0] == "bun" and words[1:2] == ("test",)):
        return None
    everywhere = any(word in _EVERYWHERE or word.startswith(("--filter=", "--workspace=")) for word in words)
    scripts = manifests.table(manifests.json_object(folder.read("package.json")), "scripts")
    found = scripts.get(name)
    if isinstance(found, str) and not everywhere:
        before = scripts.get(f"pre{name}")
        return Task(name=name, runs=f"{before}\n{found}" if isinstance(before, str) and name != "test" else found)
    if words[0] in {"yarn", "pnpm"} and words[1:2] == (name,) and not everywhere and "package.json" in folder.names:
        return Task(name=name, runs=" ".join(words[1:]))  # a program of a dependency
    return Task(name=name)


def _of_make(words: tuple[str, ...], folder: Folder) -> Task:
    targets = [word for word in words[1:] if not word.startswith("-") and "=" not in word and not word.isdigit()]
    name = next((name for name in MAKEFILES if name in folder.names), "")
    if not targets:
        return Task(name="build")
    given = dict(word.split("=", 1) for word in words[1:] if re.match(r"\w+=", word))
    recipes = [recipe(folder.text(name), target, given) for target in targets] if name else []
    known = [text for text in recipes if text is not None]
    return Task(name=" ".join(targets), runs="\n".join(known) if known else None)


def recipe(makefile: str, target: str, given: Mapping[str, str], depth: int = 0) -> str | None:
    """The lines that a target and what it needs first run, with plain variables filled in, `given` before all; None
    where there is no such target.
    """
    makefile = makefile[: 16 * _MOST_CHARS].replace("\\\n", " ")
    head = rf"^(?:[\w./-]+ )*{re.escape(target)}(?: [\w./-]+)*\s*::?(?!=)([^\n#]*)(?:#.*)?\n((?:(?:\t.*|[ \t]*)\n)*)"
    found = re.search(head, makefile + "\n", re.MULTILINE)
    if found is None:
        return None
    before = [recipe(makefile, name, given, depth + 1) for name in found[1].split()[:8]] if depth < _DEEPEST else []
    lines = [re.sub(r"\$\((info|warning)\b[^()]*\)", "", line).strip().lstrip("@-+ ") for line in found[2].splitlines()]
    lines = [line for line in lines if line]
    values = {**dict(re.findall(r"^([A-Za-z_]\w*)\s*[:?]?=[ \t]*(.*)$", makefile, re.MULTILINE)), **given}
    for _ in range(3):
        lines = [re.sub(r"\$[({](\w+)[)}]", lambda match: values.get(match[1], ""), line) for line in lines]
    return "\n".join([*(text for text in before if text), *lines])[:_MOST_CHARS]


def _of_recipe(tool: str, words: tuple[str, ...], folder: Folder) -> Task:
    names = [word for word in words[1:] if not word.startswith("-")]
    name = names[1] if names[:1] == ["run"] and len(names) > 1 else names[0] if names else ""
    runs = None
    if tool == "just":
        runs = _indented(folder, JUSTFILES, rf"^@?{re.escape(name)}\b[^:=\n]*:(?!=).*\n((?:(?:[ \t]+.*|)\n)*)")
    elif tool == "task":
        runs = _indented(folder, TASKFILES, rf"^  [\"']?{re.escape(name)}[\"']?:.*\n((?:(?:    .*|)\n)*)")
    elif tool == "poe":
        table = manifests.table(manifests.toml(folder.read("pyproject.toml")), "tool", "poe", "tasks").get(name)
        runs = table if isinstance(table, str) else None
    return Task(name=name, runs=runs)


def _indented(folder: Folder, names: tuple[str, ...], pattern: str) -> str | None:
    file = next((name for name in names if name in folder.names), "")
    found = re.search(pattern, folder.text(file) + "\n", re.MULTILINE) if file else None
    if found is None:
        return None
    lines = [re.sub(r"^(- )?(cmd: )?@?", "", line.strip()) for line in found[1].splitlines()]
    return "\n".join(line for line in lines if line and line not in {"cmds:", "|"})[:_MOST_CHARS]


def _of_sessions(words: tuple[str, ...], folder: Folder) -> Task:
    """What environments of tox run, where that can be read; sessions of nox, and the others, are judged by name."""
    words = words[2:] if words[1:2] == ("-m",) else words
    if words[0] == "tox":
        environments = [environment(folder, name, ()) for name in tox_names(words, "")[0]]
        runs = [line for made in environments if made for line in made.commands]
        if runs and all(environments):
            return Task(name=" ".join(name for name in tox_names(words, "")[0]), runs="\n".join(runs))
    named = [
        words[at + 1] for at, word in enumerate(words[:-1]) if word in {"-e", "-s", "-f", "--session", "--sessions"}
    ]
    named += [word.partition("=")[2] for word in words if word.startswith(("--session=", "-e="))]
    named += [word[2:] for word in words if re.fullmatch(r"-[es]\w\S+", word)]
    said = re.sub(r"\([^)]*\)", "", " ".join(named))
    names = [name for name in re.split(r"[,\s]+", said) if name]
    if not names or any(re.fullmatch(r"(py|pypy)?[\d.]*t?|\$\S+", name) for name in names):
        return Task(name="test")
    tested = [name for name in names if re.search(r"(^|-)(py\d*|\d[\d.]*)(-|$)", name)]
    if tested and not any(_NO_TESTS & set(re.findall(r"[a-z0-9]+", name.lower())) for name in tested):
        return Task(name="test")
    return Task(name=" ".join(names))


def _of_hatch(words: tuple[str, ...], folder: Folder) -> Task:
    words = tuple(word for word in words if not word.startswith("+"))
    environment, _, name = words[0].rpartition(":") if words else ("", "", "")
    found = hatch_script(folder, environment or "default", name)
    return Task(name=name, runs=found if found is not None else " ".join([name, *words[1:]]))


def hatch_script(folder: Folder, environment: str, name: str, depth: int = 0) -> str | None:
    scripts = manifests.table(_hatch(folder), "envs", environment, "scripts")
    value = scripts.get(name)
    lines = [value] if isinstance(value, str) else manifests.texts(value)
    if depth < _DEEPEST:
        inner = (hatch_script(folder, environment, line, depth + 1) if line in scripts else None for line in lines)
        lines = [text or line for text, line in zip(inner, lines, strict=True)]
    return "\n".join(re.sub(r"\s*\{args:?([^}]*)\}", r" \1", line).strip() for line in lines) or None


def hatch_needs(folder: Folder, environment: str) -> list[str]:
    about = manifests.table(_hatch(folder), "envs", environment)
    return [*manifests.texts(about.get("dependencies")), *manifests.texts(about.get("extra-dependencies"))]


def _hatch(folder: Folder) -> Mapping[str, object]:
    if "hatch.toml" in folder.names:
        return manifests.toml(folder.read("hatch.toml"))
    return manifests.table(manifests.toml(folder.read("pyproject.toml")), "tool", "hatch")


def script_path(words: tuple[str, ...], folder: Folder) -> str:
    """The file of this folder that the command runs; "" where it runs none."""
    named = words[1] if words[0] in {"bash", "sh", "source", "."} and len(words) > 1 else words[0]
    path = posixpath.normpath(named)
    return path if path in folder.paths else ""


def _of_file(words: tuple[str, ...], folder: Folder) -> Task | None:
    path = script_path(words, folder)
    if not path or path.endswith((".py", ".js", ".mjs", ".ts", ".rb", ".php")):
        name = path.rpartition("/")[2].rpartition(".")[0]
        return Task(name=name) if path and re.search(r"(^|_|-)(run[-_]?)?tests?($|_|-)", name) else None
    text = folder.text(path)
    is_shell = (text.startswith("#!") and "sh" in text.splitlines()[0]) or path.endswith((".sh", ".bash"))
    return Task(
        name=path.rpartition("/")[2].removesuffix(".sh"), runs=text if is_shell and len(text) <= _MOST_CHARS else None
    )
