"""What can be asked, and which module answers. Standard library only, so that `--help` comes at once."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_COMMAND = "COMMAND"
_RUN = "a run's id, or the beginning of one"


class _Parser(argparse.ArgumentParser):
    """One line for a mistake, with the help one step away; the usage text alone rarely helps."""

    def error(self, message: str) -> Any:
        if message.endswith(f": {_COMMAND}"):  # nothing was asked for: not on standard output, and not 0
            self.print_help(sys.stderr)
            self.exit(2)
        self.exit(2, f"lamplighter: {message}; see `{self.prog} --help`\n")


class _Version(argparse.Action):
    """argparse's own wants the version beforehand, and looking it up takes twice as long as all of the parser."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:  # noqa: ARG002 - argparse's call
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help="show program's version number and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(f"lamplighter {_version()}")
        parser.exit()


def build() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="lamplighter",
        description="A background coding agent that lives in GitHub.",
        epilog="Settings come from the environment; `lamplighter doctor` shows and checks them.",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(metavar=_COMMAND, required=True, parser_class=_Parser)
    for add in (_demo, _app, _serve, _run, _door, _look, _act, _audit, _about, _hidden):
        add(commands)
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("lamplighter")
    except PackageNotFoundError:
        return "(not installed)"


def _command(commands: Any, name: str, module: str, help_text: str | None, **options: Any) -> argparse.ArgumentParser:
    """A subcommand answered by `run(arguments)` of `app.cli.MODULE`; without help it is not listed."""
    listed = {"help": help_text} if help_text else {}
    parser: argparse.ArgumentParser = commands.add_parser(name, description=help_text, **listed, **options)
    parser.set_defaults(run=_later(module, name))
    return parser


def _later(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        answer = getattr(importlib.import_module(f"app.cli.{module}"), name.replace("-", "_"))
        return int(answer(arguments) or 0)

    return run


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON, for machines")


def _demo(commands: Any) -> None:
    demo = _command(commands, "demo", "demo", "play the whole story here: issue, question, fix, pull request")
    demo.add_argument("--keep", action="store_true", help="leave the simulated GitHub and the server running")
    demo.add_argument("--act", type=int, choices=(1, 2), help="1: issue to pull request; 2: review and red check")
    demo.add_argument("--fast", action="store_true", help="do not pause for the reader")


def _app(commands: Any) -> None:
    app = commands.add_parser("app", help="register the GitHub App", description="The GitHub App itself.")
    inside = app.add_subparsers(metavar=_COMMAND, required=True, parser_class=_Parser)
    create = _command(inside, "create", "app_create", "register it from a page on this machine, and store its secrets")
    create.add_argument("--org", default="", metavar="LOGIN", help="owner, an organisation (default: your own account)")
    create.add_argument(
        "--name", default="Lamplighter", help="unique on GitHub; changeable there (default: %(default)s)"
    )
    create.add_argument(
        "--webhook-url",
        default="",
        metavar="URL",
        help="where deliveries go (default: nowhere; `serve` then asks GitHub what it could not deliver)",
    )
    create.add_argument("--home-url", default="", metavar="URL", help="the App's home page (default: GitHub itself)")
    create.add_argument("--reruns", action="store_true", help="it may run failed jobs again (actions: write)")
    create.add_argument("--public", action="store_true", help="other accounts may install it too")
    create.add_argument(
        "--secrets",
        choices=("file", "aws"),
        default="file",
        help="file: mode 600 on this machine; aws: Secrets Manager (default: %(default)s)",
    )
    create.add_argument("--into", type=Path, metavar="FOLDER", help="with file: where (default: app in the home)")
    create.add_argument(
        "--prefix", default="lamplighter", help="with aws: of the secrets' names (default: %(default)s)"
    )
    create.add_argument("--replace", action="store_true", help="write over the secrets of an earlier App")
    create.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1 (default: any)")
    create.add_argument("--minutes", type=_count, default=60, help="how long to wait for you (default: %(default)s)")
    create.add_argument("--no-browser", action="store_true", help="only print the address")


def _serve(commands: Any) -> None:
    serve = _command(commands, "serve", "serve", "receive deliveries and work on them, until stopped")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=_port, default=8020, help="port to listen on (default: %(default)s, 0: any)")
    serve.add_argument(
        "--poll",
        choices=("auto", "always", "never"),
        default="auto",
        help="ask the App's delivery list for what did not arrive: auto asks often until a webhook arrives by itself, "
        "then every five minutes (default: %(default)s)",
    )


def _run(commands: Any) -> None:
    run = _command(commands, "run", "run", "work on an issue in a local git repository, without GitHub")
    run.add_argument("--repo", type=Path, required=True, metavar="PATH", help="a git repository")
    run.add_argument("--issue", type=Path, required=True, metavar="FILE", help="Markdown; the first line is the title")
    run.add_argument("--base", default="HEAD", metavar="REF", help="branch, tag or commit (default: %(default)s)")
    run.add_argument("--answer", action="append", default=[], metavar="TEXT", help='answer to a question, as in "1b"')
    _json(run)
    answer = _command(commands, "answer", "run", "answer the open question of a local run, and go on with it")
    answer.add_argument("id", metavar="RUN", help=_RUN)
    answer.add_argument("text", metavar="TEXT", help='the answer: "1b", or words')
    answer.set_defaults(answer=[])
    _json(answer)


def _door(commands: Any) -> None:
    receive = _command(commands, "receive", "receive", "put one delivery through the door, and say what it decided")
    receive.add_argument("-e", "--event", required=True, help="the X-GitHub-Event header, such as issues")
    receive.add_argument("-p", "--payload", required=True, metavar="FILE", help="the JSON body; - reads standard input")
    receive.add_argument("--guid", default="", help="the delivery's GUID (default: made from the body)")
    _json(receive)
    simulate = _command(commands, "simulate", "simulate", "run the simulated GitHub alone")
    simulate.add_argument("--port", type=_port, default=8765, help="port on 127.0.0.1 (default: %(default)s)")
    simulate.add_argument("--seed", type=Path, metavar="FILE", help="YAML or JSON: people, repositories, issues")
    simulate.add_argument(
        "--webhook-url",
        default="http://127.0.0.1:8020/webhooks/github",
        metavar="URL",
        help="where deliveries go (default: %(default)s)",
    )


def _look(commands: Any) -> None:
    runs = _command(commands, "runs", "runs", "list the runs of this home, newest first")
    runs.add_argument("--active", action="store_true", help="only those that have not ended")
    runs.add_argument("--limit", type=_count, default=50, help="at most so many (default: %(default)s)")
    _json(runs)
    watch = _command(commands, "watch", "runs", "follow a run until it ends")
    watch.add_argument("id", metavar="RUN", help=_RUN)
    _json(watch)


def _act(commands: Any) -> None:
    stop = _command(commands, "stop", "runs", "stop a run")
    stop.add_argument("id", metavar="RUN", help=_RUN)
    _json(stop)
    _json(_command(commands, "redrive", "runs", "try the messages again that failed too often"))
    backup = _command(commands, "backup", "backup", "copy everything that cannot be made again, the App's key with it")
    backup.add_argument("folder", type=Path, metavar="FOLDER", help="a new folder, or an empty one")
    _json(backup)
    restore = _command(commands, "restore", "backup", "bring a backup into an empty home, and verify it")
    restore.add_argument("folder", type=Path, metavar="FOLDER", help="what `backup` made")
    _json(restore)


def _audit(commands: Any) -> None:
    audit = _command(
        commands,
        "audit",
        "audit",
        "tell one run's story on a page, or verify that its ledger is whole",
        usage="lamplighter audit RUN | audit verify RUN | audit verify --all",
    )
    audit.add_argument("words", nargs="+", metavar="[verify] RUN", help=_RUN)
    audit.add_argument("--all", action="store_true", help="with verify: every run of this home")
    _json(audit)


def _about(commands: Any) -> None:
    doctor = _command(commands, "doctor", "doctor", "show and check the settings and everything they need")
    doctor.add_argument("--platform", choices=("local", "aws"), help="look at this one (default: LAMPLIGHTER_PLATFORM)")
    doctor.add_argument("--online", action="store_true", help="also make one cheap call of the model")
    _json(doctor)
    check = _command(
        commands, "check", "check", "find mistakes in a .github/lamplighter.yml, and say what would be run"
    )
    check.add_argument("file", type=Path, nargs="?", metavar="FILE", help="default: that of the repository around")
    check.add_argument("--rehearse", action="store_true", help="also set up and test once, as a run would; no model")
    _json(check)
    _command(commands, "schema", "schema", "print the JSON schema of .github/lamplighter.yml")


def _hidden(commands: Any) -> None:
    work = _command(commands, "work", "work", None)
    work.add_argument("id", metavar="RUN", nargs="?", default="")
    which = work.add_mutually_exclusive_group(required=True)
    which.add_argument("--attempt", type=_count)
    which.add_argument("--warm", type=int, metavar="PLACE")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
