"""The tools, one call at a time, on a real tree: what they do, and every way to use them wrongly."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from app.agent.models.scripted import ask, bash, call, create, edit, finish, insert, question, view
from app.agent.tools import EDIT, TOOLS, Toolbox, ToolResult, offered
from app.agent.tools.outputs import cap
from app.ports.sandbox import Execution


@pytest.fixture
def use(tree):
    box = Toolbox(tree)

    def run(block, timeout_seconds=20.0) -> ToolResult:
        return box.run(block["name"], block["input"], output_name="1-0.txt", timeout_seconds=timeout_seconds)

    return run


def test_the_published_tools_are_sent_byte_for_byte():
    assert TOOLS[0] == {"type": "bash_20250124", "name": "bash"}
    assert TOOLS[1] == {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}
    assert [tool["name"] for tool in offered(None)[2:]] == ["ask", "report_breaking_change", "finish"]


# ---------------------------------------------------------------- bash


def test_a_command_tells_its_output_and_its_exit_code(use):
    result = use(bash("echo out; echo err >&2; exit 3"))
    assert result.text == "out\nerr\n[exit code 3]"
    assert (result.exit_code, result.is_error, result.failed) == (3, False, True)
    assert result.summary == "ran echo out; echo err >&2; exit 3 (exit 3)"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("true", "(no output)"),
        ("echo", "(nothing but blanks)"),
        (r"printf ' \t\r\n\n  '", "(nothing but blanks)"),
        (r"printf '\u2003\u00a0\n'; exit 3", "(nothing but blanks)\n[exit code 3]"),
        ("exit 3", "[exit code 3]"),
    ],
)
def test_a_command_that_shows_nothing_says_so(use, command, told):
    """The API refuses a text block of blanks only."""
    assert use(bash(command)).text == told


def test_a_long_output_is_cut_in_the_middle_and_kept_whole(use, tree):
    result = use(bash("seq 100000"))
    assert result.text.startswith("1\n2\n") and result.text.endswith("\n99999\n100000")
    assert "bytes omitted; the whole is in ~/outputs/1-0.txt]" in result.text
    assert len(result.text) < 4_200
    whole = tree.home / "outputs" / "1-0.txt"
    assert whole.read_text().splitlines() == [str(n) for n in range(1, 100001)]
    assert not (tree.home / "outputs" / "1-0.txt.b64").exists()
    assert use(bash("sed -n 50000p ~/outputs/1-0.txt")).text == "50000"


def test_output_that_cannot_be_packed_is_kept_in_pieces(use, tree):
    use(bash("head -c 250000 /dev/urandom | base64 -w 100"))
    assert (tree.home / "outputs" / "1-0.txt").stat().st_size > 330_000


def test_when_the_whole_cannot_be_kept_nothing_is_promised(use, tree):
    tree.keeps_output = False
    assert "narrow the command" in use(bash("seq 100000")).text


def test_a_line_without_end_does_not_fill_the_window(use):
    assert len(use(bash("printf 'x%.0s' $(seq 50000)")).text) < 1_300


def test_a_slow_command_is_killed_and_said_so(use):
    result = use(bash("sleep 9"), timeout_seconds=0.2)
    assert result.is_error and "took too long" in result.text
    assert result.summary == "ran sleep 9 (killed: time)"


def test_what_the_sandbox_dropped_is_counted():
    capped = cap("head\ntail", where=None, total_bytes=5_000_009)
    assert "5,000,000 bytes omitted" in capped.text and capped.cut


def test_a_flood_is_explained(use, tree):
    tree.shell = lambda command, timeout_seconds=None: Execution(
        command=command, exit_code=None, seconds=1, output=b"y\n" * 9, output_bytes=10**9, killed_by="output"
    )
    assert "wrote 1,000,000,000 bytes" in use(bash("yes")).text


def test_the_shell_can_be_restarted(use, tree):
    assert use(call("bash", restart=True)).summary == "restarted the shell"
    assert tree.commands == ["(restart)"]


def test_a_summary_is_one_short_line(use):
    summary = use(bash("echo one\n" + "echo two\n" * 50)).summary
    assert len(summary) <= 100 and "\n" not in summary and summary.endswith("(exit 0)")


# ---------------------------------------------------------------- the editor


def test_create_makes_and_replaces(use, tree):
    assert use(create("new/dir/a.py", "x = 1\n")).text == "Created new/dir/a.py (1 line)."
    assert use(create(tree.root + "/new/dir/a.py", "x = 2\n")).summary == "overwrote new/dir/a.py"
    assert tree.read_file("new/dir/a.py") == b"x = 2\n"


def test_replace_shows_what_it_did(use, tree):
    tree.write_file("a.py", b"a\nb\nc\nd\ne\nf\ng\nh\ni\n")
    result = use(edit("a.py", "e\n", "E1\nE2\n"))
    assert tree.read_file("a.py") == b"a\nb\nc\nd\nE1\nE2\nf\ng\nh\ni\n"
    assert result.text == snapshot(
        """\
The file a.py has been edited. Here's the result of running `cat -n` on a snippet of a.py:
     1\ta
     2\tb
     3\tc
     4\td
     5\tE1
     6\tE2
     7\tf
     8\tg
     9\th
    10\ti\
"""
    )


def test_replace_with_nothing_deletes(use, tree):
    tree.write_file("a.py", b"keep\ndrop\n")
    use(call(EDIT, command="str_replace", path="a.py", old_str="drop\n"))
    assert tree.read_file("a.py") == b"keep\n"


def test_replace_that_finds_nothing_gives_a_hint(use, tree):
    tree.write_file("a.py", b"def f():\n    return 1\n")
    assert "line 2" in use(edit("a.py", "\treturn 1", "x")).text
    assert "may have changed" in use(edit("a.py", "return 2", "x")).text


def test_replace_that_finds_many_names_the_lines(use, tree):
    tree.write_file("a.py", b"x\ny\nx\n" + b"x\n" * 20)
    result = use(edit("a.py", "x\n", "z\n"))
    assert result.is_error and "found 22 times" in result.text and "lines 1, 3, 4" in result.text
    assert tree.read_file("a.py").startswith(b"x\ny\nx\n")


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        (0, b"one\ntwo\n", b"NEW\none\ntwo\n"),
        (1, b"one\ntwo\n", b"one\nNEW\ntwo\n"),
        (2, b"one\ntwo\n", b"one\ntwo\nNEW"),
        (1, b"no end", b"no end\nNEW"),
        (0, b"", b"NEW"),
        (1, b"a\r\nb\r\n", b"a\r\nNEW\r\nb\r\n"),
        (0, b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfNEW\na\n"),
    ],
)
def test_insert_goes_after_the_line(use, tree, line, before, after):
    tree.write_file("a.txt", before)
    assert not use(insert("a.txt", line, "NEW")).is_error
    assert tree.read_file("a.txt") == after


def test_insert_takes_both_published_names(use, tree):
    tree.write_file("a.txt", b"one\n")
    use(call(EDIT, command="insert", path="a.txt", insert_line=1, new_str="two\n"))
    assert tree.read_file("a.txt") == b"one\ntwo\n"
    assert "insert_text is missing" in use(call(EDIT, command="insert", path="a.txt", insert_line=1)).text
    assert "between 0 and 2" in use(insert("a.txt", 3, "x")).text


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"a\r\nb\r\nc\r\n", "b\nc", "B\nC", b"a\r\nB\r\nC\r\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1", "x = 2", b"\xef\xbb\xbfx = 2\n"),
        (b"caf\xe9 = 1\nb = 2\n", "b = 2", "b = 3", b"caf\xe9 = 1\nb = 3\n"),
        ("ü = 1\n".encode(), "ü", "ö", "ö = 1\n".encode()),
        (b"mixed\r\nends\n", "ends", "end", b"mixed\r\nend\n"),
    ],
)
def test_bytes_that_are_not_edited_stay(use, tree, before, old, new, after):
    tree.write_file("a.txt", before)
    assert not use(edit("a.txt", old, new)).is_error
    assert tree.read_file("a.txt") == after


def test_a_binary_file_is_refused(use, tree):
    tree.write_file("a.bin", b"\0\1\2")
    assert "binary file (3 bytes)" in use(view("a.bin")).text
    assert use(edit("a.bin", "a", "b")).is_error


def test_text_no_file_can_hold_is_refused(use, tree):
    assert "lone surrogate" in use(create("a.txt", "\ud83d")).text


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/etc/passwd", "outside the work tree"),
        ("../../etc/passwd", "outside the work tree"),
        ("a/../../b", "outside the work tree"),
        ("", "path is empty"),
        ("a\0b", "NUL"),
        ("gone.py", "not a file"),
        (".github/workflows/ci.yml", "off limits"),
        ("./.github/workflows/../workflows/ci.yml", "off limits"),
        (".git/config", "not part of the work"),
    ],
)
def test_paths_that_are_not_for_editing(use, tree, path, word):
    result = use(edit(path, "a", "b"))
    assert result.is_error and word in result.text


# ---------------------------------------------------------------- strictness


@pytest.mark.parametrize(
    ("block", "word"),
    [
        (call("rm"), "there is no tool 'rm'"),
        (call("bash"), "give a command"),
        (call("bash", command=""), "give a command"),
        (call("bash", command=7), "command must be a string"),
        (bash("echo \ud83d"), "lone surrogate"),
        (bash("echo \0"), "NUL"),
        (call("bash", command="ls", cwd="/"), "cwd is not a parameter"),
        (call("bash", restart="yes"), "restart must be true or false"),
        (call("bash", malformed_json='{"command": "rm'), "not valid JSON"),
        (call(EDIT, command="undo_edit", path="a"), "command must be one of view, create, str_replace, insert"),
        (call(EDIT, path="a"), "command must be one of"),
        (call(EDIT, command="create", path="a"), "file_text is missing"),
        (call(EDIT, command="view", path="a", view_range=[1, "2"]), "view_range[1] must be a whole number"),
        (
            call(EDIT, command="insert", path="a", insert_line=True, insert_text="x"),
            "insert_line must be a whole number",
        ),
        (call("ask", questions=[]), "1 to 3 entries, not 0"),
        (ask("1", "2", "3", "4"), "1 to 3 entries, not 4"),
        (ask(question("Which?", "only one")), "2 to 4 entries"),
        (ask(question("Which?", "a", "b", default=2)), "default is 2, but there are 2 options"),
        (ask({**question("Which?", "a", "b"), "consequences": ["x"]}), "one entry for each of the 2 options"),
        (ask({**question("Which?", "a", "b"), "urgent": True}), "questions[0].urgent is not a parameter"),
        (finish("T", outcome="great"), "outcome must be one of done"),
        (finish("T", confidence="sure"), "confidence must be one of"),
        (finish(" ", " "), "title is empty; summary is empty"),
        (finish("T", outcome="needs_decision"), "decision is missing"),
        (finish("T", assumptions="none"), "assumptions must be a list"),
        (finish("T", not_proven=[1]), "not_proven[0] must be a string"),
        (call("report_breaking_change", what="x"), "affected is missing"),
    ],
)
def test_a_malformed_call_is_never_executed(use, tree, block, word):
    result = use(block)
    assert result.is_error and result.malformed and result.event is None
    assert result.text.startswith("Not executed: ") and word in result.text
    assert tree.commands == [] and not any(tree.base.iterdir())


@pytest.mark.parametrize("arguments", [None, [], "ls", 7])
def test_an_input_that_is_no_object_is_refused(use, arguments):
    assert use({"name": "bash", "input": arguments}).text == "Not executed: the input is not a JSON object."


def test_absent_may_be_spelled_null(use, tree):
    tree.write_file("a.txt", b"one\n")
    assert not use(call(EDIT, command="view", path="a.txt", view_range=None)).is_error


def test_what_the_model_says_to_people_is_cleaned(use):
    block = finish("Mend\nit\u202e now", "Sum<!-- secret -->mary", assumptions=["a\u200bb"], not_proven=["c\u200bd"])
    kind, data = use(block).event
    assert kind == "finish.called"
    assert (data["title"], data["summary"], data["assumptions"]) == ("Mend it now", "Summary", ["ab"])
    assert (data["not_proven"], data["not_done"], data["decision"]) == (["cd"], [], "")
