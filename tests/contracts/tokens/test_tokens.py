"""The contract of `ports.Tokens`: a read token for an active run's own repository, nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.errors import TransientError, UserError
from app.events import WORKER
from app.ledger import Event


def test_an_active_run_gets_a_token_for_its_own_repository(control, clock):
    control.run("run")
    token = control.tokens.read_token("run", 7)
    assert token.value.startswith("ghs_")
    assert token.expires_at == clock.now() + timedelta(hours=1)
    assert [(thread["installation_id"], thread["repository_id"]) for thread in control.asked] == [(5, 7)]


def test_a_worker_whose_token_was_refused_asks_for_another(control):
    control.run("run")
    control.tokens.read_token("run", 7)
    assert control.refused == 0
    control.tokens.read_token("run", 7, fresh=True)
    assert control.refused == 1


@pytest.mark.parametrize("run_id", ["unknown", "", "run\nrun", "x" * 10_000])
def test_an_unknown_run_gets_none(control, run_id):
    control.run("run")
    with pytest.raises(UserError, match="no run"):
        control.tokens.read_token(run_id, 7)
    assert control.asked == []


def test_a_run_that_has_ended_gets_none(control):
    control.run("run", ended=True)
    with pytest.raises(UserError, match="ended"):
        control.tokens.read_token("run", 7)
    assert control.asked == []


def test_another_runs_repository_is_refused(control):
    control.run("run")
    with pytest.raises(UserError, match="not its own"):
        control.tokens.read_token("run", 8)
    assert control.asked == []


def test_github_being_away_is_transient(control):
    control.run("run")
    control.failure = TransientError("GitHub is not reachable.", retry_after_seconds=17)
    with pytest.raises(TransientError, match="not reachable") as caught:
        control.tokens.read_token("run", 7)
    assert caught.value.retry_after_seconds == 17


def test_githubs_refusal_reaches_the_worker(control):
    control.run("run")
    control.failure = UserError("The App is not installed there.")
    with pytest.raises(UserError, match="not installed"):
        control.tokens.read_token("run", 7)


def test_a_defect_of_one_request_does_not_take_the_broker_away(control):
    control.run("run")
    control.failure = RuntimeError("a defect")
    with pytest.raises(TransientError):
        control.tokens.read_token("run", 7)
    control.failure = None
    assert control.tokens.read_token("run", 7)


def test_eight_workers_at_once_all_get_theirs(control):
    for number in range(8):
        control.run(f"run{number}")
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(lambda n: control.tokens.read_token(f"run{n}", 7), range(8)))) == 8


@pytest.mark.parametrize("kind", ["run.moved", "run.created"])
def test_what_a_worker_says_of_where_its_run_belongs_is_not_believed(control, kind):
    """The broker took the last word about the repository, whoever's it was."""
    control.run("run")
    other = {"installation_id": 9, "repository_id": 8, "repository": "evil/loot", "number": 1}
    (created,) = control.store.events("run")
    lie = Event.make(
        run_id="run", seq=2, at=control.clock.now(), kind=kind, data={"thread": other}, previous=created.digest,
        author=WORKER,
    )  # fmt: skip
    control.store.append("run", 1, [lie], control.store.summary("run"))
    with pytest.raises(UserError, match="not its own"):
        control.tokens.read_token("run", 8)
    assert control.tokens.read_token("run", 7)
    assert [(thread["installation_id"], thread["repository_id"]) for thread in control.asked] == [(5, 7)]
