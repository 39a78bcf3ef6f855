"""Causes from around the project that can be made here: memory, disk, time, network, files, tokens."""

from __future__ import annotations

from case import Case
from pip import SERVER, served

UNTOUCHED = {"changed": ["README.md"]}
SMALL = "mkdir -p small && mount -t tmpfs -o size=64k tmpfs small\ntrap 'umount small' EXIT\n"


def around(name: str, cause: str, run: str, key: str, verdict: str, **more: object) -> Case:
    given = {"facts": UNTOUCHED, "step": "Build", "before": f"cat > /tmp/ci-server.py <<'END'\n{SERVER}END"} | more
    return Case(name=name, cause=cause, run=run, key=key, verdict=verdict, **given)  # type: ignore[arg-type]


_BIG = "import sys\nprint('Loading the catalogue', flush=True)\nall = [bytearray(10_000_000) for _ in range(1000)]\n"
CASES = (
    around("memory-python", "memory", "ulimit -v 400000\npython big.py", "MemoryError", "infrastructure", tool="python", files={"big.py": _BIG}),
    around("memory-killed", "memory", "python -c \"import os, signal; print('Indexing 12,000 products', flush=True); os.kill(os.getpid(), signal.SIGKILL)\"\ntrue", "Killed", "infrastructure"),
    around("memory-killed-quietly", "memory", "exec python -c \"import os, signal; print('Indexing 12,000 products', flush=True); os.kill(os.getpid(), signal.SIGKILL)\"", "Indexing 12,000 products", "infrastructure", same_as="memory-killed"),
    around("memory-twice", "memory", "ulimit -v 400000\npython big.py", "MemoryError", "deterministic", tool="python", files={"big.py": _BIG}, facts={"changed": ["README.md"], "rerun": "same"}, same_as="memory-python"),
    around("disk-dd", "disk", f"{SMALL}dd if=/dev/zero of=small/image bs=1k count=200", "No space left on device", "infrastructure"),
    around("disk-python", "disk", f"{SMALL}python -c \"open('small/a', 'wb').write(b'x' * 200_000)\"", "OSError: [Errno 28] No space left on device", "infrastructure", tool="python"),
    around("disk-tar", "disk", f"{SMALL}head -c 200000 /dev/urandom > big.bin\ntar cf small/all.tar big.bin", "Wrote only", "infrastructure"),
    around("timeout-command", "timeout", "echo Waiting for the shop\ntimeout 1 sleep 20", "Waiting for the shop", "unknown", facts={"changed": ["README.md"], "base": "unknown"}),
    around("network-curl-dns", "network", "curl -sS -f -o rates.json https://rates.shop.invalid/eur", "Could not resolve host: rates.shop.invalid", "external", step="Fetch rates"),
    around("network-curl-refused", "network", "curl -sS -f http://127.0.0.1:5897/health", "Failed to connect to 127.0.0.1 port 5897", "unknown", step="Smoke test"),
    around("registry-curl-503", "registry", served(503, 5831, "curl -sS -f -o kit.tgz http://127.0.0.1:5831/kit.tgz"), "The requested URL returned error: 503", "external", step="Fetch"),
    around("rate-limit-curl-429", "rate-limit", served(429, 5832, "curl -sS -f -o kit.tgz http://127.0.0.1:5832/kit.tgz"), "The requested URL returned error: 429", "external", step="Fetch"),
    around("network-git-clone", "network", "git clone https://git.shop.invalid/kit.git", "Could not resolve host: git.shop.invalid", "external", step="Fetch"),
    around("secret-git-clone", "secret", served(401, 5833, "GIT_TERMINAL_PROMPT=0 git clone http://127.0.0.1:5833/kit.git"), "could not read Username for", "infrastructure", step="Fetch"),
    around("network-python-timeout", "network", "python -c \"import socket, urllib.request; s = socket.socket(); s.bind(('127.0.0.1', 5841)); s.listen(); urllib.request.urlopen('http://127.0.0.1:5841/', timeout=1)\"", "timed out", "external", step="Fetch", tool="python"),
    around("network-requests", "network", "python -c \"import requests; requests.get('https://rates.shop.invalid/')\"", "Max retries exceeded with url", "external", step="Fetch", tool="python"),
    around("network-apt", "network", "apt-get -o Dir::Etc::sourcelist=./list -o Dir::Etc::sourceparts=- -o Dir::State::lists=. -o APT::Update::Error-Mode=any update", "Could not resolve 'packages.shop.invalid'", "external", step="Packages", files={"list": "deb http://packages.shop.invalid/debian stable main\n"}),
    around("network-node-fetch", "network", "node -e \"fetch('https://rates.shop.invalid/')\"", "getaddrinfo ENOTFOUND rates.shop.invalid", "external", step="Fetch", tool="node"),
    around("permission-script", "command", "./build.sh", "Permission denied", "unknown", tool="shell", files={"build.sh": "echo hi\n"}),
    around("secret-shell", "secret", ': "${DEPLOY_KEY:?environment variable DEPLOY_KEY is not set}"', "DEPLOY_KEY is not set", "infrastructure", step="Deploy"),
    around("script-diff", "command", "echo generated > schema.json\ngit init -q .\ngit add -A\ngit -c user.email=a@b.c -c user.name=a commit -q -m x\necho changed > schema.json\ngit diff --exit-code", "+changed", "unknown", step="Generated files are up to date"),
    around("yaml-script", "crash", "python -c \"import yaml; yaml.safe_load('a: [1, 2')\"", "yaml.parser.ParserError", "unknown", tool="python"),
)
