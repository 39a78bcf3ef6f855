"""`check --rehearse`: the repository is set up and tested once on this machine, as a run would; no model is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.checkpoints import rehearsal_text
from app.cli.local_request import Request, created_here
from app.cli.local_run import LocalRun
from app.cli.run import local_settings
from app.config.repo_config import RepoConfig
from app.local.branch import LocalRepository
from app.playbooks import REHEARSE
from app.runs.state.run_state import RunState


def rehearse(root: Path, config: RepoConfig | None, *, is_json: bool) -> int:
    """0 when changes can be tested here as the repository stands; 1 when it needs a configuration, or more.

    What is committed is rehearsed, with the configuration as it lies there. Raises UserError: no commit, no sandbox.
    """
    settings = local_settings(asks_model=False)
    repository = LocalRepository.open(root)
    base_ref, base_sha = repository.commit("HEAD")
    title = f"Rehearse the tests of {repository.name}"
    asked = Request(book=REHEARSE, title=title, base_ref=base_ref, base_sha=base_sha, config=config)
    local = LocalRun.start(settings, created_here(settings, repository, asked))
    local.say(f"run {local.run_id[:8]} rehearses {base_ref} at {base_sha[:10]} (only what is committed)")
    result = local.drive([])
    state = local.state
    if is_json:
        print(json.dumps({**result, "rehearsed": _as_json(state)}, indent=1))
    else:
        _tell(state)
    return 0 if state.rehearsed and state.rehearsed.fits and not state.rehearsed.configuration else 1


def _as_json(state: RunState) -> dict[str, Any] | None:
    if state.rehearsed is None:
        return None
    ran = [
        {"purpose": one.purpose, "command": one.command, "source": one.source, "ended": one.ended}
        for one in rehearsal_text.executed(state)
    ]
    found = state.rehearsed.model_dump(include={"fits", "why", "untested", "configuration", "ran"})
    return {**found, "executed": ran, "not_here": state.not_here, "otherwise": state.set_up_otherwise}


def _tell(state: RunState) -> None:
    found = state.rehearsed
    if found is None:
        return
    for one in rehearsal_text.executed(state):
        source = f"   ({one.source})" if one.source else ""
        print(f"{one.purpose}: {one.command}{source}: {one.ended}")
    for text in state.set_up_otherwise:
        print(f"set up otherwise: {text}")
    for text in state.not_here:
        print(f"not run here: {text}")
    for folder in found.untested:
        print(f"could not be set up: {folder}")
    if found.configuration:
        how = "this ran here" if found.ran else "a start, to be corrected: it did not run yet"
        print(f"\n# .github/lamplighter.yml ({how})\n{found.configuration}", end="")
