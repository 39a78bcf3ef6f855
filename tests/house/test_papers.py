"""What is written about the house agrees with the house."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

from app.cli.parser import build
from app.commands.verbs import INSTRUCT, VERBS
from app.config.repo_config import parse
from app.config.values import PACKAGE_HOSTS
from app.github.registration import NEVER, PERMISSIONS
from tests.house import configuration

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
CONTRACT_COMMANDS = [
    "app",
    "demo",
    "serve",
    "run",
    "receive",
    "simulate",
    "runs",
    "watch",
    "stop",
    "audit",
    "doctor",
    "schema",
]


def tracked() -> list[Path]:
    """Every file of the repository; the working tree's where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in (ROOT / name for name in names) if path.is_file() and not path.is_symlink()]


# ------------------------------------------------------------ README


def test_readme_names_every_setting_and_no_other():
    source = (ROOT / "app/settings/__init__.py").read_text("utf-8")
    words = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    read = {word for word in words if isinstance(word, str) and re.fullmatch(r"(LAMPLIGHTER|ANTHROPIC)_[A-Z_]+", word)}
    table = README.partition("| setting | meaning | default |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`((?:LAMPLIGHTER|ANTHROPIC)_[A-Z_]+)`", table)) == read


def test_readme_says_truly_which_commands_work():
    works, later = README.partition("| works today |")[2].split("Not built yet", 1)
    said = set(re.findall(r"/agent ([a-z-]+)", works))
    assert said == {name for name, verb in VERBS.items() if verb.works} and INSTRUCT.works
    unbuilt = set(re.findall(r"`([a-z-]+)`", later.partition("\n\n")[0]))
    assert unbuilt == {name for name, verb in VERBS.items() if not verb.works}


def test_readme_says_what_the_app_is_registered_with():
    said = " ".join(README.partition("It may write ")[2].partition("2. **Install it**")[0].split())
    writes, _, rest = said.partition("; read ")
    reads, _, never = rest.partition("; never ")

    def named(words: str, names: Iterable[str]) -> bool:
        return all(name.replace("_", " ") in words for name in names)

    assert named(writes, [name for name, level in PERMISSIONS.items() if level == "write"])
    assert named(reads, [name for name, level in PERMISSIONS.items() if level == "read"])
    assert named(never, NEVER[:4])
    assert len(re.findall(r",| and ", writes)) + 1 == sum(level == "write" for level in PERMISSIONS.values())


def test_contract_commands_exist():
    choices = next(action.choices for action in build()._actions if action.choices)
    assert set(CONTRACT_COMMANDS) <= set(choices)


# ------------------------------------------------------------ configuration


def test_configuration_page_is_the_model():
    """`python -m tests.house.configuration` prints what belongs there."""
    assert configuration.tables().strip() in (ROOT / "docs/configuration.md").read_text("utf-8")


def test_every_configuration_that_is_shown_is_valid():
    shown = 0
    for page in (README, (ROOT / "docs/configuration.md").read_text("utf-8")):
        for block in re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
            parse(block.encode())
            shown += 1
    assert shown == 2


# ------------------------------------------------------------ papers


def test_changelog_has_an_entry_for_what_is_coming():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    coming = text.partition("## [Unreleased]")[2].partition("\n## [")[0]
    assert f"## [{version}]" in text or (version in coming and re.search(r"^- \S", coming, re.MULTILINE))


def test_every_decision_is_numbered_once_and_listed():
    folder = ROOT / "docs/decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    index = (folder / "README.md").read_text("utf-8")
    for name in files:
        title = (folder / name).read_text("utf-8").partition("\n")[0]
        assert title.startswith(f"# {int(name[:4])}. ")
        assert f"[{title.partition('. ')[2]}]({name})" in index


def test_map_of_rooms_names_every_room_and_no_other():
    table = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("| room | what is in it |")[2].partition("\n\n")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name.rstrip("/") for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}
    there = {path.stem for path in (ROOT / "app").iterdir() if not path.name.startswith("_")}
    assert named == there - {"receive", "dispatch", "worker", "publish", "schedule"}


def test_links_between_papers_lead_somewhere():
    dead = []
    for path in [path for path in tracked() if path.suffix == ".md"]:
        text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text):
            if "://" not in target and not (path.parent / target).exists():
                dead.append(f"{path.relative_to(ROOT)}: {target}")
    assert dead == []


def test_license_is_the_whole_apache_license():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text


def test_ci_is_the_readme_s_own_test_command_and_that_for_aws():
    script = (ROOT / ".ci/run").read_text("utf-8")
    commands = [line.partition(" ||")[0] for line in script.splitlines() if line.startswith("make ")]
    assert commands == ["make test", "make test-aws"] and "$ make test" in README
    assert script.rstrip().endswith('exit "$status"')
    assert "run: .ci/run" in (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


# ------------------------------------------------------------ what must not be there

# Where the product itself has to know the public registries: its allow-lists, and the tests that hold them.
_KNOWS_REGISTRIES = re.compile(
    r"app/checks/manifests\.py|app/config/values\.py|app/sandbox/upload_hosts\.py|tests/.*\.(py|jsonl?|gz|txt)"
)
_REGISTRIES = re.compile("|".join(re.escape(host) for host in PACKAGE_HOSTS))
_MACHINE = re.compile(r"(?<![\w.])/(?:home/(?!agent\b|user\b|runner\b)\w+|Users/\w+|root/\w+|work/\w+|tmp/tmp\w+)")


def test_no_registry_s_host_and_no_machine_s_path_is_tracked():
    found = []
    for path in tracked():
        name = str(path.relative_to(ROOT))
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if not _KNOWS_REGISTRIES.fullmatch(name) and (hit := _REGISTRIES.search(text)):
            found.append(f"{name}: {hit[0]}")
        if not name.startswith("tests/") and (hit := _MACHINE.search(text)):
            found.append(f"{name}: {hit[0]}")
    assert found == []
