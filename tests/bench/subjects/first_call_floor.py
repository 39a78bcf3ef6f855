"""The floor of a first call: a parallel `git worktree add` from a bare clone while the SDK loads, then the call."""

import subprocess
import sys

url, bare, sha, tree = sys.argv[1:]
checkout = subprocess.Popen(
    ["git", f"--git-dir={bare}", "-c", "checkout.workers=0", "worktree", "add", "--quiet", "--detach", tree, sha]
)

import anthropic  # noqa: E402 - meanwhile, as ours does

client = anthropic.Anthropic(base_url=url, api_key="sk-none", max_retries=0)
if checkout.wait():
    sys.exit("git worktree add failed")
with client.messages.stream(
    model="claude-sonnet-5-5", max_tokens=16_000, messages=[{"role": "user", "content": "Do the work."}]
) as stream:
    stream.get_final_message()
