"""What of a file is broken on purpose, language by language: no more than the change touched, and still code."""

from __future__ import annotations

import ast

import pytest

from app.mutants import MARKER, is_same_code, mutant
from app.mutants.languages import LANGUAGES

# path, before, with the change, and the mutant with `¤` for the statement that fails; None: there is none.
TWO = "def f(a):\n    return a\n\n\ndef g():\n    return 1\n"
RUST_TESTS = "\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { assert_eq!(f(1), %s); }\n}\n"
CASES = {
    "a function's body": ("a.py", TWO, TWO.replace("return a", "return a + 1"),
                          TWO.replace("    return a", "    ¤\n    return a + 1")),
    "a new function": ("a.py", "import os\n", "import os\n\n\ndef f():\n    return os\n",
                       "import os\n\n\ndef f():\n    ¤\n    return os\n"),
    "one on a line": ("a.py", "", "def f(): return 1\n", "def f(): ¤; return 1\n"),
    "documented, with a decorated one in it": (
        "a.py", "", 'def f():\n    """A."""\n    @g\n    def h():\n        """B."""\n    return h\n',
        'def f():\n    """A."""\n    ¤\n    @g\n    def h():\n        """B."""; ¤\n    return h\n'),
    "a method, with words of all the world": (
        "a.py", "class A:\n    def f(self):\n        return 'é'; 1\n",
        "class A:\n    def f(self):\n        x = 'é'; return x\n",
        "class A:\n    def f(self):\n        ¤\n        x = 'é'; return x\n"),
    "a constant": ("a.py", "X = 1\n", '"""A."""\nfrom __future__ import annotations\n\nX = 2\n',
                   '"""A."""\nfrom __future__ import annotations\n\n¤\nX = 2\n'),
    "a function that is gone": ("a.py", TWO, TWO[: TWO.index("\n\ndef g")], "¤\n" + TWO[: TWO.index("\n\ndef g")]),
    "comments": ("a.py", TWO, "# More.\n" + TWO, None),
    "documentation": ("a.py", TWO, TWO.replace("    return 1", '    """One."""\n    return 1'), None),
    "no Python": ("a.py", "x = 1\n", "x = = 2\n", None),
    "an arrow, texts with braces": (
        "a.js", "export const f = (a) => {\n  return `${a ? `{` : '}'}`;\n};\nlet b = 1;\n",
        "export const f = (a) => {\n  return `${a ? `{{` : '}'}`;\n};\nlet b = 1;\n",
        "export const f = (a) => { ¤\n  return `${a ? `{{` : '}'}`;\n};\nlet b = 1;\n"),
    "a method behind an if": (
        "a.ts", "class A {\n  f(a: string): string {\n    if (a) { return a }\n    return '';\n  }\n}\n",
        "class A {\n  f(a: string): string {\n    if (/[{'\"]/.test(a)) { return a }\n    return '';\n  }\n}\n",
        "class A {\n  f(a: string): string { ¤\n    if (/[{'\"]/.test(a)) { return a }\n    return '';\n  }\n}\n"),
    "a module's constant": ("a.mjs", "export const A = 1;\n", "export const A = 2;\n", "export const A = 2;\n\n;¤\n"),
    "an interface": ("a.ts", "export interface A<T> extends B {\n  f(): void;\n}\n",
                     "export interface A<T> extends B {\n  f(): { a: T };\n}\n", None),
    "aliases, one beside what runs": (
        "a.ts", "type A = 'a';\nexport const b = 1;\n",
        "type A =\n  | 'a'\n  | { b: () => c }\nexport const b = 1;\ntype D = A extends B ? 1\n  : 2;\n", None),
    "a constant behind an alias": (
        "a.ts", "type A = 'a'\nexport const b = 1;\n", "type A = 'b'\nexport const b = 2;\n",
        "type A = 'b'\nexport const b = 2;\n\n;¤\n"),
    "a variable named type": ("a.ts", "type = 1\n", "type = 2\n", "type = 2\n\n;¤\n"),
    "types alone": ("a.d.ts", "export type A = 1;\n", "export type A = 2;\n", None),
    "a comment in a script": ("a.js", "f(1); // one\n", "f(1); /* 1 */\n", None),
    "a blank within a text": ("a.js", "f('a b');\n", "f('a  b');\n", "f('a  b');\n\n;¤\n"),
    "Go, a method with types in its head": (
        "a.go", "package a\n\nfunc (s *S) F(a int) (interface{}, error) {\n\treturn a, nil\n}\n\nfunc G() {}\n",
        'package a\n\nimport "fmt"\n\nfunc (s *S) F(a int) (interface{}, error) {\n\treturn fmt.Sprint("{"), nil\n}\n'
        "\nfunc G() {}\n",
        'package a\n\nimport "fmt"\n\nfunc (s *S) F(a int) (interface{}, error) { ¤\n\treturn fmt.Sprint("{"), nil\n}\n'
        "\nfunc G() {}\n"),
    "a variable in Go": ("a.go", "package a\n\nvar A = 1\n", "package a\n\nvar A = 2\n",
                         "package a\n\nvar A = 2\n\nfunc init() { ¤ }\n"),
    "Rust, with its own tests": (
        "src/lib.rs", "pub fn f<'a>(a: u8) -> u8 { a }\n" + RUST_TESTS % 1,
        "pub fn f<'a>(a: u8) -> u8 { a + b'{' }\n" + RUST_TESTS % 2,
        "pub fn f<'a>(a: u8) -> u8 { ¤ a + b'{' }\n" + RUST_TESTS % 2),
    "Rust's tests alone": ("src/lib.rs", "fn f() {}\n" + RUST_TESTS % 1, "fn f() {}\n" + RUST_TESTS % 2, None),
    "a constant in Rust": ("a.rs", "const A: u8 = 1;\nfn f() {}\nfn g() {}\n",
                           "const A: u8 = 2;\nfn f() {}\nfn g() {}\n",
                           "const A: u8 = 2;\nfn f() { ¤}\nfn g() { ¤}\n"),
    "a constructor that calls another": (
        "A.java", "class A extends B {\n  A() {\n    super(1);\n    x();\n  }\n}\n",
        "class A extends B {\n  A() {\n    super(1);\n    y();\n  }\n}\n",
        "class A extends B {\n  A() {\n    super(1); ¤\n    y();\n  }\n}\n"),
    "a method that throws": (
        "A.java", "class A {\n  int f(int a) throws X, Y {\n    for (;;) { a++; }\n  }\n}\n",
        "class A {\n  int f(int a) throws X, Y {\n    for (;;) { a--; }\n  }\n}\n",
        "class A {\n  int f(int a) throws X, Y { ¤\n    for (;;) { a--; }\n  }\n}\n"),
    "Kotlin": ("A.kt", "class A(val b: Int) {\n  fun f(): Int {\n    return b\n  }\n}\n",
               "class A(val b: Int) {\n  fun f(): Int {\n    return b + 1\n  }\n}\n",
               "class A(val b: Int) {\n  fun f(): Int { ¤\n    return b + 1\n  }\n}\n"),
    "C#, a brace on a line of its own": (
        "A.cs", "class A {\n  int F(int a)\n  {\n    return a;\n  }\n}\n",
        "class A {\n  int F(int a)\n  {\n    return a + 1;\n  }\n}\n",
        "class A {\n  int F(int a)\n  { ¤\n    return a + 1;\n  }\n}\n"),
    "PHP": ("a.php", "<?php\nfunction f($a): ?int { return $a; }\n", "<?php\nfunction f($a): ?int { return $a + 1; }\n",
            "<?php\nfunction f($a): ?int { ¤ return $a + 1; }\n"),
    "C": ("a.c", "#include <a.h>\nstruct s *f(int a)\n{\n  while (a) { a--; }\n  return 0;\n}\n",
          "#include <a.h>\nstruct s *f(int a)\n{\n  while (a) { a -= 2; }\n  return 0;\n}\n",
          "#include <a.h>\nstruct s *f(int a)\n{ ¤\n  while (a) { a -= 2; }\n  return 0;\n}\n"),
    "Ruby": ("a.rb", "class A\n  def f(a)\n    a\n  end\nend\n", "class A\n  def f(a)\n    a + 1\n  end\nend\n",
             "class A\n  def f(a)\n    ¤\n    a + 1\n  end\nend\n"),
    "a constant in Ruby": ("a.rb", "A = 1\n", "A = 2\n", "A = 2\n¤\n"),
    "braces that do not match": ("a.js", "f(1);\n", "f(2); }\n", None),
    "a template": ("a.html", "<p>1</p>", "<p>2</p>", None),
    "data": ("a.json", "1", "2", None),
    "bytes that are no text": ("a.js", "f(1)", "\udcff", None),
}  # fmt: skip
SAME = {"comments", "documentation", "a comment in a script"}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


STATEMENTS = sorted(
    {language.fail for language in LANGUAGES.values()}
    | {f'raise BaseException("{MARKER}")', f'raise Exception, "{MARKER}"', f'panic("{MARKER}")'},
    key=len,
    reverse=True,
)


@pytest.mark.parametrize("name", CASES)
def test_a_mutant_breaks_what_the_change_touched_and_no_more(name: str) -> None:
    path, old, new, expected = CASES[name]
    made = mutant(path, _bytes(old), _bytes(new))
    assert is_same_code(path, _bytes(old), _bytes(new)) is (name in SAME)
    text = made.content.decode() if made else None
    for statement in STATEMENTS if text else ():
        text = text.replace(statement, "¤")
    assert text == expected
    if made and path.endswith(".py"):
        ast.parse(made.content)


def test_a_mutant_says_which_it_is() -> None:
    for path, old, new, expected in CASES.values():
        made = mutant(path, _bytes(old), _bytes(new), f"{MARKER}: 1f2e")
        assert made is None or made.content.count(b": 1f2e") == (0 if path.endswith(".c") else expected.count("¤"))


def test_of_what_stands_there_twice_only_the_new_one_is_broken() -> None:
    old = "def f():\n    return 1\n\n\ndef f():\n    return 1\n"
    made = mutant("a.py", old.encode(), (old + "\n\ndef f():\n    return 1\n").encode())
    assert made is not None and made.content.decode().count(MARKER) == 1
