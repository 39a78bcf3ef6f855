"""Which version of its language a project asks for, where it says so, and whether one that is there fits. Pure.

asked(folder, "JavaScript")                     # Asked("node", "Node", "22", ".nvmrc") or None
suited(plan.asks, tools, elsewhere)             # set-up that chooses what is there, and sentences on what is not
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from app.projects import manifests
from app.projects.asked import Asked
from app.projects.plan import Folder
from app.text.untrusted import one_line


class Suited(NamedTuple):
    commands: tuple[str, ...]
    sentences: tuple[str, ...]


_TOOLS: Mapping[str, tuple[str, str]] = {  # by language: the program, its name to people
    "Python": ("python3", "Python"), "JavaScript": ("node", "Node"), "Go": ("go", "Go"), "Rust": ("cargo", "Rust"),
    "Java": ("java", "Java"), "Kotlin": ("java", "Java"), "Ruby": ("ruby", "Ruby"), "PHP": ("php", "PHP"),
}  # fmt: skip
# Files of one version each, and what tools that hold versions of several call it.
_OWN: Mapping[str, tuple[str, ...]] = {
    "python3": (".python-version",), "node": (".nvmrc", ".node-version"), "go": (".go-version",),
    "java": (".java-version",), "ruby": (".ruby-version",), "php": (".php-version",), "cargo": (),
}  # fmt: skip
_CALLED: Mapping[str, tuple[str, ...]] = {
    "python3": ("python",), "node": ("nodejs", "node"), "go": ("golang", "go"), "java": ("java",), "ruby": ("ruby",),
    "php": ("php",), "cargo": ("rust",),
}  # fmt: skip


def asked(folder: Folder, language: str) -> Asked | None:
    """By a file for that in the project, or at the root; by its manifest; by what its workflow sets up."""
    tool, name = _TOOLS.get(language, ("", ""))
    if not tool:
        return None
    for place in (folder,) if folder.within is None else (folder, folder.within):
        for where, text in _named(place, tool):
            return Asked(tool=tool, name=name, text=text, where=where)
    for where, text, at_least in _by_manifest(folder, tool):
        if re.search(r"\d", text):
            return Asked(tool=tool, name=name, text=one_line(text, 40), where=where, at_least=at_least)
    said = folder.sets_up.get(name)
    return Asked(tool=tool, name=name, text=said[0], where=said[1]) if said else None


def in_file(folder: Folder, path: str, name: str) -> str:
    """The version of the tool `name` in a file that a workflow points to; "" where it says none."""
    text = folder.text(path)
    last = path.rpartition("/")[2]
    if last in {"go.mod", "go.work"}:
        found = re.search(r"^(?:toolchain\s+go|go\s+)([\d.]+)", text, re.MULTILINE)
    elif last == "package.json":
        found = re.search(r'"node"\s*:\s*"([^"]+)"', text)
    elif last == ".tool-versions":
        called = next((called for tool, called in _CALLED.items() if name.lower() in {tool, *called}), (name.lower(),))
        found = re.search(rf"^(?:{'|'.join(called)})\s+(\S+)", text, re.MULTILINE)
    else:
        found = re.search(r"^[a-z-]*v?(\d[\w.]*)", text, re.MULTILINE)
    return found[1] if found else ""


def suited(asks: Iterable[Asked], tools: Mapping[str, str], elsewhere: Sequence[str]) -> Suited:
    """Commands that put a fitting version first on the PATH, where one is `elsewhere` (paths of programs that have
    it in their name, or their folder's), and sentences on those of which there is none. Of Python set-up itself finds
    out: its environment is made with one.
    """
    commands, said = [], []
    for ask in asks:
        here = tools.get(ask.tool, "")
        if ask.tool == "python3" or not here or ask.fits(here):
            continue
        found = [path for path in elsewhere if (version := _version_in(path, ask.tool)) and ask.fits(version)]
        if found:
            home = found[-1].rpartition("/")[0]
            names = [ask.tool, *_WITH.get(ask.tool, ())]
            links = " && ".join(f"ln -sf {shlex.quote(f'{home}/{name}')} ~/.local/bin/{name}" for name in names[1:])
            first = f"mkdir -p ~/.local/bin && ln -sf {shlex.quote(found[-1])} ~/.local/bin/{ask.tool}"
            commands.append(f"{first} && {links}" if links else first)
        else:
            said.append(f"{ask.name} {ask.text}, which {ask.where} names, is not here; used is {here}")
    return Suited(tuple(dict.fromkeys(commands)), tuple(dict.fromkeys(said)))


_WITH: Mapping[str, tuple[str, ...]] = {"go": ("gofmt",), "java": ("javac", "jar")}
_IN_PATH: Mapping[str, re.Pattern[str]] = {
    "go": re.compile(r"/go-(\d+\.\d+)/bin/go"), "java": re.compile(r"/java-(\d+)-[\w.-]+/bin/java"),
    "ruby": re.compile(r"/ruby(\d\.\d)"), "php": re.compile(r"/php(\d\.\d)"), "node": re.compile(r"/node-?(\d+)"),
}  # fmt: skip


def _version_in(path: str, tool: str) -> str:
    pattern = _IN_PATH.get(tool)
    found = pattern.search(path) if pattern else None
    return found[1] if found else ""


def _named(folder: Folder, tool: str) -> Iterator[tuple[str, str]]:
    """Of several versions the first is meant where one is run."""
    for name in _OWN[tool]:
        lines = (line.partition("#")[0].strip() for line in folder.text(name).splitlines())
        yield from ((name, line) for line in [line for line in lines if line][:1] if _is_version(line))
    for line in folder.text(".tool-versions").splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 1 and words[0] in _CALLED[tool] and _is_version(words[1]):
            yield ".tool-versions", words[1]
    for called in _CALLED[tool]:
        pinned = manifests.table(manifests.toml(folder.read(".mise.toml") or folder.read("mise.toml")), "tools").get(
            called
        )
        if isinstance(pinned, str) and _is_version(pinned):
            yield ".mise.toml", pinned


def _is_version(text: str) -> bool:
    return bool(re.fullmatch(r"(?!pypy|graal|stackless|jython)[A-Za-z/-]*v?\d[\w.+-]{0,40}", text))


def _by_manifest(folder: Folder, tool: str) -> Iterator[tuple[str, str, bool]]:
    """The file, the version or range, and whether it is the least of them."""
    read = _READERS.get(tool)
    if read is not None:
        yield from ((where, text.strip(), least) for where, text, least in read(folder) if isinstance(text, str))


def _of_node(folder: Folder) -> Iterator[tuple[str, object, bool]]:
    package = manifests.json_object(folder.read("package.json"))
    yield "`volta` in package.json", manifests.table(package, "volta").get("node"), False
    yield "`engines` in package.json", manifests.table(package, "engines").get("node"), False


def _of_go(folder: Folder) -> Iterator[tuple[str, object, bool]]:
    for name in ("go.mod", "go.work"):
        for word in (r"toolchain\s+go", r"go\s+"):
            if found := re.search(rf"^{word}(\d[\d.]*)", folder.text(name), re.MULTILINE):
                yield name, found[1], True


def _of_rust(folder: Folder) -> Iterator[tuple[str, object, bool]]:
    old = folder.text("rust-toolchain")
    for name, content in (
        ("rust-toolchain.toml", folder.read("rust-toolchain.toml")),
        ("rust-toolchain", old.encode()),
    ):
        yield name, manifests.table(manifests.toml(content), "toolchain").get("channel"), False
    yield "rust-toolchain", old.strip() if "\n" not in old.strip() else "", False
    cargo = manifests.toml(folder.read("Cargo.toml"))
    yield "`rust-version` in Cargo.toml", manifests.table(cargo, "package").get("rust-version"), True
    yield "`rust-version` in Cargo.toml", manifests.table(cargo, "workspace", "package").get("rust-version"), True


def _of_java(folder: Folder) -> Iterator[tuple[str, object, bool]]:
    for name, pattern in (
        (".sdkmanrc", r"^java=(\d+)"),
        ("pom.xml", r"<(?:maven\.compiler\.release|release|java\.version)>(\d+)<"),
        ("build.gradle.kts", r"JavaLanguageVersion\.of\((\d+)\)|jvmToolchain\((\d+)\)"),
        ("build.gradle", r"JavaLanguageVersion\.of\((\d+)\)|jvmToolchain\((\d+)\)"),
    ):
        if found := re.search(pattern, folder.text(name), re.MULTILINE):
            yield name, next(text for text in found.groups() if text), name == "pom.xml"


def _of_ruby(folder: Folder) -> Iterator[tuple[str, object, bool]]:
    if found := re.search(r"""^ruby\s+['"]([^'"]+)['"]""", folder.text("Gemfile"), re.MULTILINE):
        yield "Gemfile", found[1], False


def _of_php(folder: Folder) -> Iterator[tuple[str, object, bool]]:
    composer = manifests.json_object(folder.read("composer.json"))
    yield "composer.json", manifests.table(composer, "require").get("php"), False


_READERS: Mapping[str, Callable[[Folder], Iterator[tuple[str, object, bool]]]] = {
    "node": _of_node, "go": _of_go, "cargo": _of_rust, "java": _of_java, "ruby": _of_ruby, "php": _of_php,
}  # fmt: skip
