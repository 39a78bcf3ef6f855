"""The floor of the agent: a bare loop over the SDK, its tools run with `subprocess` and plain files."""

import subprocess
import sys
from pathlib import Path

import anthropic

TOOLS = [
    {"type": "bash_20250124", "name": "bash"},
    {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
    {"name": "finish", "description": "End the work.", "input_schema": {"type": "object"}},
]


def run(name: str, arguments: dict, tree: Path) -> str:
    if name == "bash":
        command = ["/bin/bash", "-c", arguments["command"]]
        return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False).stdout
    path = tree / arguments["path"]
    if arguments["command"] == "create":
        path.write_text(arguments["file_text"])
        return "created"
    path.write_text(path.read_text().replace(arguments["old_str"], arguments["new_str"], 1))
    return "edited"


def main() -> None:
    url, tree = sys.argv[1], Path(sys.argv[2])
    client = anthropic.Anthropic(base_url=url, api_key="sk-none", max_retries=0)
    messages: list = [{"role": "user", "content": "Do the work."}]
    while True:
        with client.messages.stream(
            model="claude-sonnet-5-5", max_tokens=16_000, system="You work.", tools=TOOLS, messages=messages
        ) as stream:
            reply = stream.get_final_message()
        messages.append({"role": "assistant", "content": reply.content})
        results = []
        for block in reply.content:
            if block.type == "tool_use":
                if block.name == "finish":
                    return
                text = run(block.name, block.input, tree)
                results.append({"type": "tool_result", "tool_use_id": block.id, "content": text})
        messages.append({"role": "user", "content": results})


if __name__ == "__main__":
    main()
