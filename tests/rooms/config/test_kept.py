"""What a run keeps of its configuration: all of it, with the same defaults where an older ledger lacks a key."""

from __future__ import annotations

import pytest

from app.config.repo_config import RepoConfig, parse
from app.events.configured import Configured


def test_nothing_is_lost():
    config = parse(b"playbooks: {fix: {instructions: Be brief.}}\nlabels: {needs-info: x:needs-info}\nprotect: [a]\n")
    assert _known(config.kept().model_dump(mode="json"), config) == config.model_dump(mode="json")


def _known(kept, config):
    """Without the keys that a kind of run which asks no model does not have."""
    keys = {name: said.keys() for name, said in config.model_dump()["playbooks"].items()}
    books = {name: {key: said[key] for key in keys[name]} for name, said in kept["playbooks"].items()}
    return {**kept, "playbooks": books}


def test_the_defaults_are_the_same():
    kept, lacking = RepoConfig().kept().model_dump(), Configured().model_dump()
    del kept["sandbox"]["network"], lacking["sandbox"]["network"]  # `packages` stands for a dozen hosts
    for key in lacking.keys() - {"labels", "playbooks"}:
        assert lacking[key] == kept[key], key


@pytest.mark.parametrize("data", [{}, {"budget": {"run_usd": 5000}}, {"sandbox": {"memory_mb": 1}}])
def test_rules_of_today_do_not_shut_a_ledger_of_then(data):
    assert Configured.model_validate(data).budget.run_usd in {2.0, 5000}
