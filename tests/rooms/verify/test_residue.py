"""What a model leaves behind beside its change does not turn a red test green: in a real sandbox, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from app.ports.sandbox import Egress, Limits, Sandbox
from app.projects import Plan
from app.sandbox.probe import choose
from app.verify import run_commands, verify_head
from app.workspace import Ignore, changes
from tests.rooms.verify.room import BASE, REGRESSION, Ledger
from tests.rooms.verify.steering_cases import NODE, NODE_HEAD

PYTHON, SYSTEM, NODE_TEST, NPM = ".venv/bin/python -m unittest", "python3 -m unittest", "node --test", "npm test -s"
BASE_FILES = {
    **BASE,
    "test_zero.py": REGRESSION,
    "calc.js": NODE["calc.js"].replace("a / b", 'require("division")(a, b)'),
    "zero.test.js": NODE_HEAD + 'test("zero", () => assert.strictEqual(div(1, 0), 0));\n',
    "package.json": '{"scripts": {"test": "node --test"}}\n',
}
SETUP = (
    "python3 -m venv --without-pip --system-site-packages .venv; mkdir -p node_modules/division; "
    "echo 'module.exports = (a, b) => a / b;' > node_modules/division/index.js"
)
PATCH = "import sys; sys.path.insert(0, '/workspace'); import calc; calc.div = lambda a, b: a / b if b else 0"
FIXED = "module.exports = (a, b) => (b ? a / b : 0);"
MENDED = "def div(a, b):\\n    return a / b if b else 0\\n"
SITE, USER = ("$({} -c 'import site; print(site.{})')".format(*it) for it in (
    (".venv/bin/python", "getsitepackages()[0]"), ("python3", "getusersitepackages()")))  # fmt: skip
SAYS_OK = "#!/bin/sh\\nprintf 'Ran 2 tests in 0.1s\\\\n\\\\nOK\\\\n'\\n"
# name → (what the model runs, the project's command, which is green then)
KINDS: Mapping[str, tuple[str, str]] = {
    "a .pth file": (f'echo "{PATCH}" > {SITE}/a.pth', PYTHON),
    "a sitecustomize": (f'echo "{PATCH}" > {SITE}/sitecustomize.py', PYTHON),
    "a usercustomize in the home": (f'mkdir -p {USER} && echo "{PATCH}" > {USER}/usercustomize.py', SYSTEM),
    "an interpreter in the environment": (f"rm .venv/bin/python && printf '{SAYS_OK}' > .venv/bin/python && "
                                          "chmod +x .venv/bin/python", PYTHON),
    "an interpreter in the home": (f"mkdir -p ~/.local/bin && printf '{SAYS_OK}' > ~/.local/bin/python3 && "
                                   "chmod +x ~/.local/bin/python3", SYSTEM),
    "a module in the runner's place that is ignored": (
        f"mkdir unittest && printf '{MENDED}' > unittest/__init__.py && printf 'print(\"OK\")' > unittest/__main__.py",
        SYSTEM),
    "compiled code": (
        f"printf '{MENDED}' > /tmp/m.py && python3 -c \"import py_compile as p, importlib.util as u; "
        "p.compile('/tmp/m.py', u.cache_from_source('calc.py'), 'calc.py', "
        "invalidation_mode=p.PycInvalidationMode.UNCHECKED_HASH)\"", SYSTEM),
    "a process that rewrites": (
        f"(while :; do printf '{MENDED}' > calc.py; sleep 0.02; done) >/dev/null 2>&1 & sleep 0.2", SYSTEM),
    "a variable": (f'mkdir -p ~/p && echo "{PATCH}" > ~/p/sitecustomize.py && export PYTHONPATH=~/p', SYSTEM),
    "a search path": (f"mkdir -p /tmp/b && printf '{SAYS_OK}' > /tmp/b/python3 && chmod +x /tmp/b/python3 && "
                      "export PATH=/tmp/b:$PATH", SYSTEM),
    "a function of the shell": ("python3() { true; }", SYSTEM),
    "a package": (f"echo '{FIXED}' > node_modules/division/index.js", NODE_TEST),
    "a link to packages in the home": (
        f"mkdir -p ~/m/division && echo '{FIXED}' > ~/m/division/index.js && rm -r node_modules && "
        "ln -s ~/m node_modules", NODE_TEST),
    "settings of npm in the home": (
        "echo 'require(\"/workspace/calc.js\").div = (a, b) => b ? a / b : 0;' > ~/n.js && "
        "echo 'node-options=--require=/home/agent/n.js' > ~/.npmrc", NPM),
    "another shell for scripts": ("echo 'script-shell=/bin/true' > ~/.npmrc", NPM),
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    place = tmp_path_factory.mktemp("residue")
    host = choose("auto", place / "home")
    if host.name != "bubblewrap":
        pytest.skip("the paths in the table are bubblewrap's")
    tree = place / "tree"
    for path, content in BASE_FILES.items():
        tree.mkdir(exist_ok=True)
        (tree / path).write_text(content)
    opened = host.open("r", tree, limits=Limits(timeout_seconds=60), egress=Egress(), on_request=lambda _: None)
    with opened as sandbox:  # type: ignore[attr-defined]
        assert sandbox.run(SETUP).ok
        sandbox.seal()
        yield sandbox


@pytest.mark.parametrize("name", KINDS)
def test_what_is_left_behind_turns_no_red_test_green(name: str, sandbox: Sandbox) -> None:
    leave, verify = KINDS[name]
    ledger, plan = Ledger(), Plan(verify=(verify,))
    sandbox.reset()
    before = sandbox.manifest()
    old = {path: sandbox.read_file(path) for path in BASE_FILES}
    baseline = run_commands(sandbox, plan.verify, purpose="verify", at="base", ledger=ledger)  # type: ignore[arg-type]
    assert baseline[0].ending == "red"
    sandbox.shell(leave)
    assert sandbox.shell(verify).exit_code == 0, "it would not even help here"
    sandbox.write_file("calc.py", (BASE["calc.py"] + "\nNEW = 1\n").encode())
    mine = [it for it in changes(before, sandbox.manifest(), Ignore(tracked=before)) if it.path == "calc.py"]
    new = {"calc.py": (BASE["calc.py"] + "\nNEW = 1\n").encode()}
    found = verify_head(sandbox, mine, new, plan, baseline, ledger, original_tests=old, reach_times=0)  # type: ignore[arg-type]
    assert found.head[0].ending == "red"
    assert found.claims is None or not found.claims.proven
