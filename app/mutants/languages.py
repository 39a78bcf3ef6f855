"""What the languages with braces differ in: comments, how a function begins, how one fails. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.mutants.parts import MARKER


@dataclass(frozen=True, kw_only=True)
class Language:
    """`begins` finds a function's first word where it has one of its own (`func`, `fn`); elsewhere a brace behind a
    parenthesis opens one. `fail` is a statement that compilers do not see through: what follows stays in reach.
    `load` stands at the file's end and makes it fail when it is loaded; "" where nothing runs then.
    """

    fail: str
    begins: re.Pattern[str] | None = None
    imports: re.Pattern[str] = re.compile(r"(?!)")
    load: str = ""
    quotes: str = "\"'"
    hashes: bool = False  # `#` begins a comment
    slashes: bool = True  # `//` does
    templates: bool = False  # `…${…}…`
    expressions: bool = False  # /…/ may be a regular expression
    lifetimes: bool = False  # 'a is no text
    classes: bool = True  # a parenthesis may belong to the head of a class
    types: bool = False  # interfaces and aliases of TypeScript, which do not run
    tests_inside: re.Pattern[str] | None = None  # a block of tests within the file: it is left alone


_JS = Language(
    fail=f'if (Date.now()) throw new Error("{MARKER}");',
    imports=re.compile(
        r"^(?:import\b[^;]*?(?:from\s*)?\x00+"
        r"|(?:const|let|var)\s+[\w{},\s:$]+=\s*require\(\x00+\));?[ \t]*$",
        re.M,
    ),
    load=f'\n;if (Date.now()) throw new Error("{MARKER}");\n',
    quotes="\"'`",
    templates=True,
    expressions=True,
)
_GO = Language(
    fail=f'if true {{ panic("{MARKER}") }};',
    begins=re.compile(r"^func\b", re.M),
    imports=re.compile(r"^import\s*(?:\([^)]*\)|[\w.]*\s*\x00+)", re.M),
    load=f'\nfunc init() {{ panic("{MARKER}") }}\n',
    quotes="\"'`",
)
_RUST = Language(
    fail=f'if true {{ panic!("{MARKER}"); }}',
    begins=re.compile(r"\bfn\s+\w+"),
    imports=re.compile(r"^\s*(?:pub\s+)?use\s[^;]+;", re.M),
    lifetimes=True,
    tests_inside=re.compile(r"#\[cfg\(test\)\]\s*(?:pub\s+)?mod\s+\w+\s*\{"),
)
_JAVA = Language(fail=f'if (true) throw new Error("{MARKER}");', imports=re.compile(r"^\s*import\s[^;]+;", re.M))
_KOTLIN = Language(fail=f'if (true) throw Error("{MARKER}");', imports=re.compile(r"^\s*import\s.+$", re.M))
_CSHARP = Language(
    fail=f'if (System.Environment.NewLine != null) throw new System.Exception("{MARKER}");',
    imports=re.compile(r"^\s*(?:global\s+)?using\s[^;()]+;", re.M),
)
_PHP = Language(
    fail=f"throw new \\Error('{MARKER}');",
    imports=re.compile(r"^\s*use\s[^;]+;|^\s*(?:require|include)(?:_once)?\b[^;]+;", re.M),
    hashes=True,
)
_C = Language(fail="__builtin_trap();", imports=re.compile(r"^\s*#\s*include\b.*$", re.M), classes=False)

LANGUAGES: Mapping[str, Language] = {
    **dict.fromkeys(("js", "jsx", "mjs", "cjs"), _JS),
    **dict.fromkeys(("ts", "tsx", "mts", "cts"), replace(_JS, types=True)),
    "go": _GO,
    "rs": _RUST,
    "java": _JAVA,
    **dict.fromkeys(("kt",), _KOTLIN),
    "cs": _CSHARP,
    "php": _PHP,
    **dict.fromkeys(("c", "h", "cc", "cpp", "cxx", "hpp", "hh"), _C),
}
