"""Worker and publisher judge the same change against the same base; size and count are looked at first."""

from __future__ import annotations

import pytest

from app.agent.models.scripted import bash, create, edit, finish
from tests.scenarios import stories
from tests.scenarios.test_endings import ask_for_a_fix

KEY = "AKIA" + "Q7ZPX3MVN2R5T8WK"
LINES = [f"OPTION_{number} = {number}" for number in range(100)]
OLD_KEY = "\n".join([*LINES[:2], f'API = "{KEY}"', *LINES[3:]]) + "\n"
LONG = "".join(f"{number:07} a line of a long table\n" for number in range(39_000))  # 1.2 MB

STANDING = [
    pytest.param({"config.py": OLD_KEY}, "OPTION_89 = 89", "OPTION_89 = 90", id="a key that stood already"),
    pytest.param({"config.py": LONG}, "0020000 a line", "0020000 a changed line", id="one line of 1.2 MB"),
    pytest.param({"config.py": "x = 1\n", "drivers/aux/a.c": "int a;\n"}, "x = 1", "x = 2", id="a name Windows lacks"),
    pytest.param({"config.py": "x = 1\n", "Docs/a.md": "a\n", "docs/z.md": "z\n"}, "x = 1", "x = 2", id="twin folders"),
]


@pytest.mark.parametrize(("files", "old", "new"), STANDING)
def test_what_already_stood_is_no_addition(bot, github, model, files, old, new):
    repo = github.repository("acme/old", files=stories.PROJECT | files, default_branch="main")
    issue = ask_for_a_fix(github, repo)
    siblings = [f"{path.rpartition('/')[0]}/new{number}.md" for number, path in enumerate(files) if "/" in path]
    model.will(edit("config.py", old, new), *[create(path, "new\n") for path in siblings])
    stories.fix(model)
    bot.run_until_idle()

    (pull,) = repo.pulls
    expected = {"config.py", "calc.py", "test_by_zero.py", *siblings}
    assert {file.filename for file in pull.files} == expected
    bot.read_everything(issue)


MARKERS = """BEGIN = "-----BEGIN PRIVATE KEY-----"
END = "-----END PRIVATE KEY-----"


def is_begin(line):
    return line == BEGIN


def is_end(line):
    return line == END
"""


def test_text_that_looks_like_a_secret_is_written_and_published_as_it_was_sent(bot, github, repo, model):
    """Masks are for what people read: a file came out as one line that ended in `[redacted]`."""
    issue = ask_for_a_fix(github, repo)
    model.will(create("markers.py", MARKERS))
    stories.fix(model)
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert repo.file(pull.head_sha, "markers.py") == MARKERS.encode()
    bot.read_everything(issue)


FLOODS = [
    pytest.param(bash("mkdir n; seq 5000 | (cd n; xargs touch)"), "5,001 files", id="count"),
    pytest.param(bash("truncate -s 200M big.bin"), "big.bin: The file has 209,715,200 bytes", id="size"),
]


@pytest.mark.parametrize(("flood", "told"), FLOODS)
def test_a_change_beyond_the_limits_is_refused_before_anything_is_kept_and_can_be_mended(
    bot, github, repo, model, flood, told
):
    issue = ask_for_a_fix(github, repo)
    model.will(flood, stories.SMALL_FIX, finish("Guard zero", "Returns None."))
    model.will(bash("rm -rf n big.bin"), create("test_by_zero.py", stories.REGRESSION))
    model.will(finish("Guard zero", "Returns None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert sorted(file.filename for file in pull.files) == ["calc.py", "test_by_zero.py"]
    events = bot.platform.store.events(bot.runs[0].run_id)
    refused = next(event.seq for event in events if event.kind == "notice.given")
    assert told in next(event.data["text"] for event in events if event.seq == refused)
    assert not [event for event in events if event.seq < refused and event.kind == "snapshot.taken"]
    bot.read_everything(issue)


def test_a_tracked_file_of_12_mib_that_a_test_touches_is_proposed_as_it_was(bot, github, model):
    config = 'setup: []\nverify: ["printf x >> data.bin; date > when.txt; python3 -S -m unittest -q"]\n'
    files = stories.PROJECT | {".github/lamplighter.yml": config, "data.bin": bytes(12 * 2**20)}
    repo = github.repository("acme/data", files=files, default_branch="main")
    issue = ask_for_a_fix(github, repo)
    model.will(create("test_by_zero.py", stories.REGRESSION), edit("calc.py", "return a / b", "return a * b"))
    model.will(finish("Multiply", "Faster."))
    model.will(edit("calc.py", "return a * b", "return a / b if b else None"), finish("Guard zero", "Returns None."))
    bot.run_until_idle()

    (pull,) = repo.pulls
    assert sorted(file.filename for file in pull.files) == ["calc.py", "test_by_zero.py"]
    assert repo.tree(pull.head)["data.bin"] == bytes(12 * 2**20)
    bot.read_everything(issue)
