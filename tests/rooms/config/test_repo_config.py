"""`.github/lamplighter.yml`: its defaults, what people may write, and how their mistakes are told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config.parse_yaml import MAX_BYTES
from app.config.repo_config import RepoConfig, merge, parse
from app.config.values import PACKAGE_HOSTS
from app.errors import UserError

FULL = b"""
triggers: {label: agent-go}
playbooks:
  fix: {enabled: true, model: deep, instructions: Be brief.}
setup: pip install -e .[test]
verify:
  - pytest -q
  - ruff check
sandbox:
  image: ghcr.io/o/image:1
  network: [packages, "*.example.org"]
  memory: 2g
  timeout: 15m
model: fast
budget: {run_usd: 3, day_usd: 30.5, turns: 50, minutes: 20}
autonomy: ready
branch_prefix: bot/
labels: {needs-info: "bot:needs-info", done: "bot:done"}
protect: [migrations/, "*.lock"]
limits: {files: 10, bytes: 5000, open_pull_requests: 2}
reviewers: [ada, "@grace", o/team]
schedule:
  - {playbook: deps, cron: "0 3 * * 1"}
phase: 3
"""


def mistakes(content: bytes) -> list[str]:
    with pytest.raises(UserError) as caught:
        parse(content, ".github/lamplighter.yml")
    text = str(caught.value)
    assert text.startswith("`.github/lamplighter.yml` has ")
    assert text.endswith("Mend it on the base branch and ask again.")
    return [line[2:] for line in text.split("\n") if line.startswith("- ")]


def test_empty_file_is_all_defaults():
    for content in (b"", b"# nothing yet\n", b"---\n", b"null", b"{}", b"\xef\xbb\xbf{}"):
        assert parse(content) == RepoConfig()
    config = RepoConfig()
    assert (config.budget.run_usd, config.budget.day_usd, config.budget.turns, config.budget.minutes) == (
        2,
        20,
        100,
        30,
    )
    assert (config.limits.files, config.limits.bytes, config.limits.open_pull_requests) == (50, 1_000_000, 5)
    assert (config.autonomy, config.branch_prefix, config.model, config.phase) == ("draft", "agent/", "default", 2)
    assert config.setup is None and config.verify is None
    assert config.sandbox.network == list(PACKAGE_HOSTS)
    assert (config.sandbox.memory_mb, config.sandbox.timeout_seconds) == (4096, 600)


def test_default_labels_are_the_contracts():
    assert RepoConfig().label_names() == {
        "trigger": "agent-fix",
        "off": "agent:off",
        **{
            name: f"agent:{name}"
            for name in (
                *("queued", "working", "needs-info", "needs-approval", "parked", "done", "failed"),
                *("uncertain", "breaking-change", "tests-changed", "needs-human"),
            )
        },
    }


def test_everything_that_may_be_said():
    config = parse(FULL)
    assert config.triggers.label == "agent-go"
    assert config.setup == ["pip install -e .[test]"]
    assert config.verify == ["pytest -q", "ruff check"]
    assert config.sandbox.network == [*PACKAGE_HOSTS, "*.example.org"]
    assert (config.sandbox.memory_mb, config.sandbox.timeout_seconds) == (2048, 900)
    assert config.budget.run_usd == 3.0
    assert config.label_names()["needs-info"] == "bot:needs-info"
    assert config.label_names()["working"] == "agent:working"
    assert config.reviewers == ["ada", "@grace", "o/team"]
    assert config.playbooks.fix.instructions == "Be brief."
    assert len(config.unbuilt()) == 2
    assert RepoConfig.model_validate(json.loads(config.model_dump_json())) == config


def test_an_image_must_be_one_that_is_offered():
    config = parse(b"sandbox: {image: node}")
    assert config.unbuilt(("default", "node")) == []
    assert "the machine's own tools" in config.unbuilt()[0]
    with pytest.raises(UserError, match=r"asks for `node`.* Offered: `default`, `rust`"):
        config.unbuilt(("rust", "default"))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"budgets: 1", "line 1: `budgets` is not a known key. Did you mean `budget`? Allowed here: `triggers`,"),
        (b"model: fast\nfoo: 1", "line 2: `foo` is not a known key. Allowed here: `triggers`,"),
        (
            b"budget:\n  run_us: 3",
            "line 2: `budget.run_us` is not a known key. Did you mean `run_usd`? Allowed here: `run_usd`, `day_usd`,",
        ),
        (b"sandbox: {memori: 3}", "line 1: `sandbox.memori` is not a known key. Did you mean `memory`?"),
        (b"labels: {needs_inf: x}", "line 1: `labels.needs_inf` is not a known key. Did you mean `needs-info`?"),
        (b"budget:\n  turns: many", "line 2: `budget.turns` should be a whole number, not `many`."),
        (b"budget: {turns: '10'}", "line 1: `budget.turns` should be a whole number, not `10`."),
        (b"budget: {turns: 1.5}", "line 1: `budget.turns` should be a whole number, not `1.5`."),
        (b"budget: {turns: yes}", "line 1: `budget.turns` should be a whole number, not `yes`."),
        (b"budget: {run_usd: -1}", "line 1: `budget.run_usd` should be greater than 0, not `-1`."),
        (b"budget: {run_usd: .inf}", "line 1: `budget.run_usd` should be"),
        (b"budget: 3", "line 1: `budget` should be a mapping of keys to values, not `3`."),
        (b"budget:", "line 1: `budget` should be a mapping of keys to values, not empty."),
        (b"autonomy: redy", "line 1: `autonomy` should be `diagnose`, `plan`, `draft` or `ready`, not `redy`."),
        (b"phase: 5", "line 1: `phase` should be less than or equal to 4, not `5`."),
        (b"verify: [a, {b: 1}]", "line 1: `verify.1` should be text, not a mapping."),
        (b"verify: 3", "line 1: `verify` should be a list, not `3`."),
        (b"model: 3.5", "line 1: `model` should be text, not `3.5`."),
        (b"model: a b", "line 1: `model` does not look right"),
        (b"triggers: {label: fix}", "line 1: `triggers.label` should begin with `agent-`: webhooks"),
        (b"labels:\n  needs-info: ask", "line 2: `labels.needs-info` should end with `needs-info`: webhooks"),
        (b"labels: {done: agent-done}", "line 1: `labels.done` must not begin with `agent-`"),
        (b"labels: {done: x, failed: X}", "line 1: `labels.failed` is `X`, which stands for something else already."),
        (b"labels: {done: 'agent:off'}", "line 1: `labels.done` is `agent:off`, which stands for something else"),
        (b"sandbox: {memory: 4x}", "line 1: `sandbox.memory` should be an amount such as `4g` or `512m`."),
        (b"sandbox: {memory: 1m}", "line 1: `sandbox.memory` should be greater than or equal to 256, not `1`."),
        (b"sandbox: {timeout: soon}", "line 1: `sandbox.timeout` should be a time such as `10m` or `90s`."),
        (b"sandbox: {network: 'http://x.org'}", "line 1: `sandbox.network` `http://x.org` is no host name"),
        (b"sandbox: {network: 169.254.169.254}", "line 1: `sandbox.network` `169.254.169.254` is no host name"),
        (b"sandbox: {network: localhost}", "line 1: `sandbox.network` `localhost` is no host name"),
        (b"sandbox: {network: '*'}", "line 1: `sandbox.network` `*` is no host name"),
        (b"branch_prefix: ../x/", "line 1: `branch_prefix` should be the beginning of a branch name"),
        (b"branch_prefix: refs/", "line 1: `branch_prefix` should be the beginning of a branch name"),
        (b"branch_prefix: main", "line 1: `branch_prefix` does not look right"),
        (b"reviewers: ['a b']", "line 1: `reviewers.0` does not look right"),
        (b"schedule:\n - playbook: deps", "line 2: `schedule.0.cron` is missing."),
        (
            b"schedule: [{playbook: deps, cron: 0 3 * *}]",
            "line 1: `schedule.0.cron` should be five fields with a space",
        ),
        (
            b"schedule: [{playbook: deps, cron: 99 * * * *}]",
            "line 1: `schedule.0.cron` has no minute that exists: `99`",
        ),
        (
            b"schedule: [{playbook: deps, cron: 0 3 31 13 1}]",
            "line 1: `schedule.0.cron` has no month that exists: `13`",
        ),
        (b"a: 1\n\nmodel: x\nmodel: y", "line 4: `model` is given twice, first on line 3"),
        (b"<<: {model: x}", "line 1: `<<` cannot be a key here: keys are words"),
        (b"1: x", "line 1: `1` cannot be a key here: keys are words"),
        (b"? [a]\n: x", "line 1: a list cannot be a key here: keys are words"),
        (b"x: &a 1\ny: *a", "line 2: YAML aliases (`*name`) are not read here; write it out"),
        (b"model: [", "line 1: this is not valid YAML"),
        (b"a: b: c", "line 1: this is not valid YAML"),
        (b"\tmodel: x", "line 1: this is not valid YAML"),
        (b"a: 1\n---\nb: 1", "line 2: this is not valid YAML"),
        (b"x: !!python/object/apply:os.system [id]", "line 1: YAML tags (`!name`) are not read here"),
        (b"model: !!python/name:os.system", "line 1: this is not valid YAML"),
        (b"model: 2026-13-45", "line 1: `2026-13-45` cannot be read"),
        (b"- a", "it must be a mapping of keys to values, and is a list"),
        (b"hello", "it must be a mapping of keys to values, and is text"),
        (b"model: \xff", "line 1: it is not UTF-8 text"),
        (b"a: b\x00", "this is not valid YAML"),
        (b"#" * (MAX_BYTES + 1), "it is 65,537 bytes long, and at most 65,536 are read"),
    ],
)
def test_mistake_names_key_line_and_what_is_allowed(content, line):
    assert any(found.startswith(line) for found in mistakes(content)), mistakes(content)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    found = mistakes(b"phase: 9\nbudgt: 1\nbudget:\n  turns: 0\n  run_usd: 0\nautonomy: full\nphase: 1\n")
    assert [line.partition(":")[0] for line in found] == [f"line {number}" for number in (1, 2, 4, 5, 6, 7)]


def test_long_list_of_mistakes_is_cut():
    found = mistakes(b"".join(b"key%d: 1\n" % number for number in range(500)))
    assert len(found) == 21
    assert found[-1] == "and 480 more"


def test_value_cannot_break_out_of_the_comment():
    found = mistakes(b'autonomy: "`@everyone`\\n# Boo <!-- "\n"@ada`x": 1')
    for line in found:
        assert "@" not in line
        assert line.count("`") % 2 == 0


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 60_000,
        b"{a: " * 15_000,
        b"- " * 30_000,
        b"a: [" * 10_000,
        b"[\n" * 30_000,
        b"? " * 30_000,
        b"!a " * 20_000,
    ],
    ids=lambda bomb: repr(bomb[:5]),
)
@pytest.mark.timeout(60)  # each is small; what goes off takes minutes, or all memory
def test_bombs_are_defused(bomb):
    with pytest.raises(UserError):
        parse(bomb)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_configuration_or_a_mistake(content):
    try:
        assert isinstance(parse(content), RepoConfig)
    except UserError as error:
        assert str(error).startswith("`.github/lamplighter.yml` has ")


KEYS = st.sampled_from([*RepoConfig.model_fields, "label", "fix", "memory", "run_usd", "needs-info", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_values_are_a_configuration_or_a_mistake(data):
    try:
        parse(json.dumps(data).encode())
    except UserError as error:
        assert "has " in str(error)


# ---------------------------------------------------------------- defaults of the organisation


def test_repository_wins_over_the_organisation_key_by_key():
    organisation = parse(b"budget: {run_usd: 1, turns: 10}\nprotect: [a]\nautonomy: ready\nsandbox: {memory: 1g}")
    merged = merge(organisation, parse(b"budget: {turns: 20}\nprotect: [b]\nautonomy: draft"))
    assert (merged.budget.run_usd, merged.budget.turns, merged.budget.day_usd) == (1, 20, 20)
    assert merged.protect == ["b"]
    assert merged.autonomy == "draft"  # said by the repository, though it is the default
    assert merged.sandbox.memory_mb == 1024


def test_merge_with_nothing_changes_nothing():
    config = parse(FULL)
    assert merge(RepoConfig(), config) == config
    assert merge(config, RepoConfig()) == config


def test_contradiction_between_the_two_is_told():
    with pytest.raises(UserError, match="together with the organisation's defaults"):
        merge(parse(b"labels: {done: x}"), parse(b"labels: {failed: x}"))


@pytest.mark.parametrize(
    ("written", "seconds"), [("36h", 129_600), ("7d", 604_800), ("90m", 5_400), ("3600", 3_600), ("never", None)]
)
def test_waiting_for_an_answer_is_a_time_or_never(written, seconds):
    assert parse(f"questions: {{remind_after: {written}}}".encode()).questions.remind_after_seconds == seconds


@pytest.mark.parametrize("written", ["soon", "1s", "1000d", "-1", "[]"])
def test_waiting_for_an_answer_that_is_no_time_is_a_mistake(written):
    with pytest.raises(UserError, match=r"questions\.remind_after"):
        parse(f"questions: {{remind_after: {written}}}".encode())
