"""What thinks: the agent loop, its conversation, its budget and its tools. It holds no token and talks to no forge.

The way in:

    agent = Agent(ledger=…, sandbox=…, model=…, model_name=…, task=Task(playbook="fix", briefing=…),
                  budget=Budget(usd=5, turns=80, minutes=45), on_step=…, on_text=None)
    stop = agent.run()                      # Stop(kind, detail, which, retry_after_seconds)

`on_step()` is called between steps and in slices of waiting: heartbeats and snapshots go there; returning True
makes the loop leave with `Stop("interrupted")`. What happened is in the ledger before it is used, so the same call
after a crash goes on where it stopped; running it again after an end returns the same stop, unless something new
(`notice.given`, `steer.received`, `question.answered`) was appended since. `Stop.kind` is one of

    finished            `finish.called` is in the ledger: verify, then end or `notice.given` the failure and run again
    asked               `question.asked` is in the ledger: park until `question.answered`
    cancelled           `cancel.requested` was seen
    out_of_budget       `which` is usd, turns or minutes
    stuck               it went round in circles, or stopped calling tools; `detail` says how
    refused             the model declined
    model_unavailable   no answer for longer than the patience: park for `retry_after_seconds`
    interrupted         `on_step` returned True
    context_exhausted   the conversation no longer fits, with everything clearable cleared
    secret_met          a reply or a result held a secret of ours; nothing of it was kept

UserError passes through (key refused, request refused for good), as does Superseded.

After the caller restored a workspace snapshot: `replay_tools(ledger, sandbox, after_seq=state.snapshot_seq)`.

Models: `models.anthropic.AnthropicModel(api_key=…, base_url=…, provider="anthropic"|"bedrock")` with `.warm()`, and
`models.scripted_model.ScriptedModel(script)` with a `models.scripted.Script`: `script.will(edit(…), finish("…"))`.
"""

from __future__ import annotations

from app.agent.briefing import Briefing, Fact
from app.agent.budget import Budget
from app.agent.loop import Agent
from app.agent.prompt import Task
from app.agent.replay import Replay, replay_tools
from app.agent.stops import ATTENDED_PATIENCE_SECONDS, Options, Stop, thought_for

__all__ = [
    "ATTENDED_PATIENCE_SECONDS",
    "Agent",
    "Briefing",
    "Budget",
    "Fact",
    "Options",
    "Replay",
    "Stop",
    "Task",
    "replay_tools",
    "thought_for",
]
