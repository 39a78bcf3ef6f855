"""pip and its indexes: what is missing, what does not answer. The index is a small server of this script's own."""

from __future__ import annotations

from case import Case

SERVER = """import http.server, sys
status = int(sys.argv[1])
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"error": "not today"}'
        self.send_response(status)
        if status == 429:
            self.send_header('Retry-After', '0')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
http.server.HTTPServer(('127.0.0.1', int(sys.argv[2])), H).serve_forever()
"""
UNTOUCHED = {"changed": ["README.md"], "base": "green"}
DEPENDS = {"changed": ["requirements.txt", "README.md"], "base": "green"}


def served(status: int, port: int, run: str) -> str:
    """`run` beside a server that answers everything with `status`."""
    return f"python /tmp/ci-server.py {status} {port} > /dev/null 2>&1 &\nserver=$!\ntrap 'kill $server' EXIT\nsleep 1\n{run}"


def pip(name: str, run: str, key: str, cause: str, verdict: str, requirements: str = "", **more: object) -> Case:
    files = {"requirements.txt": requirements, "README.md": ""} | more.pop("more_files", {})  # type: ignore[arg-type]
    env = {"PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "1", "PIP_TIMEOUT": "3", "PIP_TRUSTED_HOST": "index.shop.invalid 127.0.0.1 10.255.255.1 index.example.test"} | more.pop("env", {})  # type: ignore[arg-type]
    given = {"facts": UNTOUCHED, "step": "Install dependencies", "tool": "pip"} | more
    return Case(name=f"pip-{name}", run=run, key=key, cause=cause, verdict=verdict, files=files, env=env, before=f"cat > /tmp/ci-server.py <<'END'\n{SERVER}END", **given)  # type: ignore[arg-type]


INSTALL = "python -m pip install --target site -r requirements.txt"
_BROKEN = {"broken/setup.py": "raise SystemExit('no compiler today')\n", "broken/pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'nowhere'\nbackend-path = ['.']\n", "broken/nowhere.py": "def build_wheel(*a, **k):\n    raise RuntimeError('no compiler today')\n"}
_LOCAL = {"shopkit/pyproject.toml": "[project]\nname = 'shopkit'\nversion = '1.0'\nrequires-python = '>=3.99'\n"}

CASES = (
    pip("no-such-package", INSTALL, "No matching distribution found for shopkit-of-nobody", "dependency", "ours", "shopkit-of-nobody==9.9\n", facts=DEPENDS, env={"PIP_CONFIG_FILE": ""}),
    pip("no-such-version", INSTALL, "No matching distribution found for packaging==999", "dependency", "ours", "packaging==999\n", facts=DEPENDS, env={"PIP_CONFIG_FILE": ""}),
    pip("index-503", INSTALL, "from versions: none", "dependency", "external", "packaging\n", env={"PIP_INDEX_URL": "http://127.0.0.1:5811/simple"}),
    pip("index-429", INSTALL, "from versions: none", "dependency", "external", "packaging\n", env={"PIP_INDEX_URL": "http://127.0.0.1:5812/simple"}),
    pip("index-401", INSTALL, "User for 127.0.0.1", "secret", "infrastructure", "packaging\n", env={"PIP_INDEX_URL": "http://127.0.0.1:5813/simple"}),
    pip("index-dns", INSTALL, "Name or service not known", "network", "external", "packaging\n", env={"PIP_INDEX_URL": "http://index.shop.invalid/simple"}),
    pip("index-refused", INSTALL, "Connection refused", "network", "external", "packaging\n", env={"PIP_INDEX_URL": "http://127.0.0.1:5899/simple"}),
    pip("hash-mismatch", INSTALL, "THESE PACKAGES DO NOT MATCH THE HASHES", "lock", "ours", "packaging==24.0 --hash=sha256:" + "0" * 64 + "\n", facts=DEPENDS, env={"PIP_CONFIG_FILE": ""}),
    pip("conflict", INSTALL, "because these package versions have conflicting dependencies", "dependency", "ours", "pytest==8.0.0\npluggy==0.13.0\n", facts=DEPENDS, env={"PIP_CONFIG_FILE": ""}),
    pip("requires-python", "python -m pip install --no-build-isolation --no-index ./shopkit", "requires a different Python", "dependency", "unknown", more_files=_LOCAL),
    pip("build-fails", "python -m pip install --no-index ./broken", "no compiler today", "compile", "deterministic", more_files=_BROKEN, env={}),
    pip("no-file", "python -m pip install -r requirements-dev.txt", "Could not open requirements file", "usage", "deterministic"),
)
CASES = tuple(
    Case(**{**case.__dict__, "run": served(int(case.name[-3:]), int(case.env["PIP_INDEX_URL"].split(":")[2][:4]), case.run)}) if case.name[-3:].isdigit() else case
    for case in CASES
)  # fmt: skip
