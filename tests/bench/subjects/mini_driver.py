"""The peer: mini-swe-agent's default agent with its own configuration, playing the script. Runs in `.venv-bench`.

Reads {"moves": [[said, command]], "tree", "task"} and prints the prompt of each call in tokens, counted like ours.
"""

import json
import os
import sys
from pathlib import Path

os.environ["MSWEA_SILENT_STARTUP"] = "1"

import minisweagent
import yaml
from minisweagent.agents.default import DefaultAgent
from minisweagent.environments.local import LocalEnvironment
from minisweagent.models.test_models import DeterministicToolcallModel, make_toolcall_output
from minisweagent.models.utils.actions_toolcall import BASH_TOOL

CHARS_PER_TOKEN = 4  # as in app/agent/models/simulated_cache.py


def tokens(value: object) -> int:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return max(1, len(text) // CHARS_PER_TOKEN)


class Counting(DeterministicToolcallModel):
    """Counts what a vendor would be sent: the messages without the agent's own notes, and the one tool."""

    prompts: list

    def query(self, messages: list, **options: object) -> dict:
        sent = [{key: value for key, value in message.items() if key != "extra"} for message in messages]
        self.prompts.append(tokens(BASH_TOOL) + sum(tokens(message) for message in sent))
        return super().query(messages, **options)


def output(number: int, said: str, command: str) -> dict:
    name = f"call_{number}"
    function = {"name": "bash", "arguments": json.dumps({"command": command})}
    call = {"id": name, "type": "function", "function": function}
    return make_toolcall_output(said, [call], [{"command": command, "tool_call_id": name}])


def main() -> None:
    asked = json.loads(sys.stdin.read())
    config = yaml.safe_load((Path(minisweagent.__file__).parent / "config" / "mini.yaml").read_text())
    moves = [*asked["moves"], ["That is all.", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"]]
    outputs = [output(number, said, command) for number, (said, command) in enumerate(moves)]
    model = Counting(outputs=outputs, observation_template=config["model"]["observation_template"])
    model.prompts = []
    settings = {name: config["agent"][name] for name in ("system_template", "instance_template")}
    environment = LocalEnvironment(cwd=asked["tree"], env=config["environment"]["env"])
    agent = DefaultAgent(model, environment, cost_limit=0.0, step_limit=0, **settings)
    ended = agent.run(asked["task"])
    print(json.dumps({"prompts": model.prompts, "ended": ended["exit_status"], "version": minisweagent.__version__}))


if __name__ == "__main__":
    main()
