"""The weaker sandbox: the server as the template starts it in the worker's own task, sharing its network."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import TransientError, UserError
from app.ports.sandbox import Egress, Limits
from app.sandbox import identity
from app.sandbox.remote.beside import NOTE, Beside, BesideHost
from tests.aws import container
from tests.aws.template.deployed import Deployed
from tests.ports import free_port

pytestmark = [pytest.mark.aws, pytest.mark.skipif(bool(container.missing()), reason=container.missing() or "-")]


class Task:
    """One task: this process is its worker, bubblewrap its sandbox container, with the template's entry point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)
        channel, etc, log = folder / "channel", folder / "etc", folder / "log"
        for path in (channel, etc, etc / "ssl/certs", etc / "alternatives"):
            path.mkdir(parents=True)
        for name, text in container.ETC.items():
            (etc / name).write_text(text)
        self.note = channel / NOTE.name
        definition = Deployed(AppId="7", Sandbox="weaker").of("ECS::TaskDefinition")["WorkerTask"]
        shell, flag, program = definition["ContainerDefinitions"][1]["EntryPoint"]
        program = program.replace("/opt/lamplighter", container.INSIDE).replace("python3", container.SYSTEM_PYTHON)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        options = container.arguments(container.shipped(folder / "server"), etc, net=False)
        mount = ["--ro-bind", str(channel), str(NOTE.parent), "--setenv", "LISTEN_FDS", "1"]
        at = options.index("--remount-ro", options.index("/tmp"))
        command = [str(container.BWRAP), *options[:at], *mount, *options[at:], "--", shell, flag, program]
        uid = identity.own_uid()
        who = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        profile = container.runtime_profile()
        self.process = container.spawn(command, {3: listener.fileno(), 5: profile}, log, who)
        os.close(profile)
        listener.close()
        self.egress_port = free_port()
        self.host = BesideHost(Beside(self.note, self.port), egress_port=self.egress_port)

    def open(self, run_id: str = "run"):
        tree = self.folder / "tree"
        tree.mkdir()
        (tree / "a.txt").write_text("one\n")
        return self.host.open(
            run_id, tree, limits=Limits(timeout_seconds=120), egress=Egress(), on_request=lambda _: None
        )

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def task() -> Iterator[Task]:
    with tempfile.TemporaryDirectory(prefix="lamplighter-") as folder:
        task = Task(Path(folder))
        yield task
        task.close()
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)


def test_it_opens_works_and_ends_with_its_worker(task: Task):
    sandbox = task.open()
    try:
        assert "weaker" in task.host.name
        assert sandbox.run("cat a.txt && echo two > b.txt").text == "one\n"
        assert set(sandbox.manifest()) == {"a.txt", "b.txt"}
    finally:
        sandbox.close()
    assert task.process.wait(60) == 0


def test_commands_do_not_leave_the_loopback(task: Task):
    """There is no security group in between: metadata, names and the task's credentials are kept by sockets alone."""
    reach = "python3 -c \"import socket; socket.create_connection(('{}', {}), 3)\" 2>&1 | tail -1"
    sandbox = task.open()
    try:
        for address, port in (("169.254.170.2", 80), ("169.254.169.253", 53), ("10.0.0.1", 443)):
            said = sandbox.run(reach.format(address, port)).text
            assert "Error" in said or "error" in said or "unreachable" in said, said
        assert "AWS_" not in sandbox.run("env").text
        assert sandbox.run("cat /proc/1/environ").exit_code != 0
    finally:
        sandbox.close()


def test_set_up_goes_through_the_workers_proxy(task: Task):
    """Two proxies on one loopback, each with a port of its own; this one allows no host."""
    ask = """python3 - <<'END'
import urllib.error, urllib.request
try:
    urllib.request.urlopen("http://example.org/", timeout=10)
except urllib.error.HTTPError as error:
    print(error.code)
END"""
    sandbox = task.open()
    try:
        done = sandbox.run(ask, network=True)
        assert done.text.strip() == "403", done.text
    finally:
        sandbox.close()


def test_one_worker_has_one_sandbox(task: Task):
    """A second would speak to a server that knows another key; the run's next attempt has a task of its own."""
    task.host.prepare("run", "")
    with pytest.raises(TransientError, match="used already"):
        task.host.prepare("another", "")
    with pytest.raises(UserError, match="one image only"):
        Beside(task.note).start("run", "node", "0" * 64)
