"""Go, Rust, C: compilers and their test runners."""

from __future__ import annotations

from case import Case

OURS = {"changed": ["cart.go", "cart_test.go", "src/lib.rs", "src/main.rs", "src/cart.c", "CMakeLists.txt", "Makefile"], "base": "green"}
_GO = {
    "go.mod": "module example.com/shop\n\ngo 1.19\n",
    "cart.go": "package shop\n\nimport \"fmt\"\n\nfunc Total(prices []int) int {\n\tsum := 1\n\tfor _, p := range prices {\n\t\tsum += p\n\t}\n\treturn sum\n}\n\nfunc Discount(price, percent int) int {\n\tif percent > 100 {\n\t\tpanic(fmt.Sprintf(\"percent out of range: %d\", percent))\n\t}\n\treturn price * (100 - percent) / 100\n}\n",
}
_GOTEST = "package shop\n\nimport \"testing\"\n\nfunc TestTotal(t *testing.T) {\n\tif got := Total([]int{1, 2}); got != 3 {\n\t\tt.Errorf(\"Total() = %d, want 3\", got)\n\t}\n}\n"
_RUST = {
    "Cargo.toml": "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    "src/lib.rs": "pub fn total(prices: &[u32]) -> u32 {\n    prices.iter().sum::<u32>() + 1\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn adds_prices() {\n        assert_eq!(total(&[1, 2]), 3);\n    }\n\n    #[test]\n    fn takes_first() {\n        let none: Vec<u32> = vec![];\n        assert_eq!(none.first().copied().expect(\"an empty cart\"), 1);\n    }\n\n    #[test]\n    fn is_fine() {}\n}\n",
}
_C = {"src/cart.c": "#include <stdio.h>\n\nint total(const int *prices, int n)\n{\n    int sum = 0;\n    for (int i = 0; i < n; i++)\n        sum += prices[i]\n    return sum;\n}\n\nint main(void)\n{\n    printf(\"%d\\n\", totl(0, 0));\n    return 0;\n}\n", "Makefile": "cart: src/cart.c\n\t$(CC) -Wall -o cart src/cart.c\n"}


def go(name: str, run: str, key: str, *places: str, test: str = _GOTEST, **more: object) -> Case:
    files = _GO | {"cart_test.go": test} | more.pop("more_files", {})  # type: ignore[arg-type]
    given = {"tool": "go", "cause": "test", "facts": OURS, "verdict": "ours", "step": "Test", "env": {"GOFLAGS": ""}} | more
    return Case(name=name, run=run, key=key, places=places, files=files, **given)  # type: ignore[arg-type]


def rust(name: str, run: str, key: str, *places: str, lib: str = "", tool: str = "cargo", **more: object) -> Case:
    files = _RUST | ({"src/lib.rs": lib} if lib else {}) | more.pop("more_files", {})  # type: ignore[arg-type]
    given = {"cause": "test", "facts": OURS, "verdict": "ours", "step": "Test"} | more
    return Case(name=name, tool=tool, run=run, key=key, places=places, files=files, **given)  # type: ignore[arg-type]


def c(name: str, tool: str, run: str, key: str, *places: str, **more: object) -> Case:
    files = _C | more.pop("more_files", {})  # type: ignore[arg-type]
    given = {"cause": "compile", "facts": OURS, "verdict": "ours", "step": "Build"} | more
    return Case(name=name, tool=tool, run=run, key=key, places=places, files=files, **given)  # type: ignore[arg-type]


_TEST_HEAD = "package shop\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n\n"
_GOS = (
    go("go-assert", "go test ./...", "Total() = 4, want 3", "cart_test.go:7"),
    go("go-verbose", "go test -v ./...", "Total() = 4, want 3", "cart_test.go:7", same_as="go-assert"),
    go("go-subtests", "go test ./...", "Discount(120) is wrong", "cart_test.go:9", test="package shop\n\nimport \"testing\"\n\nfunc TestDiscount(t *testing.T) {\n\tfor _, n := range []int{10, 20} {\n\t\tt.Run(\"by\", func(t *testing.T) {\n\t\t\tif Discount(100, n) != 90 {\n\t\t\t\tt.Fatalf(\"Discount(%d) is wrong\", n*6)\n\t\t\t}\n\t\t})\n\t}\n}\n"),
    go("go-panic", "go test ./...", "panic: percent out of range: 120", "cart.go:15", test="package shop\n\nimport \"testing\"\n\nfunc TestDiscount(t *testing.T) {\n\tDiscount(1, 120)\n}\n", cause="crash"),
    go("go-build", "go build ./...", "undefined: summ", "cart.go:10", more_files={"cart.go": _GO["cart.go"].replace("return sum\n", "return summ\n")}, cause="compile", step="Build"),
    go("go-test-build", "go test ./...", "undefined: Totl", "cart_test.go:6", test=_GOTEST.replace("Total([", "Totl(["), cause="compile"),
    go("go-test-build-matched", "go test ./...", "undefined: Totl", "cart_test.go:6", test=_GOTEST.replace("Total([", "Totl(["), cause="compile", matchers=("go",), same_as="go-test-build"),
    go("go-vet", "go vet ./...", "Sprintf format %d has arg percent of wrong type", "cart.go:6", more_files={"cart.go": "package shop\n\nimport \"fmt\"\n\nfunc Label(percent string) string {\n\treturn fmt.Sprintf(\"%d\", percent)\n}\n", "cart_test.go": "package shop\n"}, cause="lint", step="Vet"),
    go("go-timeout", "go test -timeout 1s ./...", "panic: test timed out after 1s", "cart_test.go:9", test=_TEST_HEAD + "func TestWaits(t *testing.T) {\n\ttime.Sleep(time.Minute)\n}\n", cause="timeout"),
    go("go-import", "go build ./...", "no required module provides package example.com/shop/basket", "cart.go:3", more_files={"cart.go": "package shop\n\nimport \"example.com/shop/basket\"\n\nvar B = basket.B\n"}, cause="import", step="Build"),
    go("go-sum", "go build ./...", "missing go.sum entry", "cart.go:3", more_files={"go.mod": "module example.com/shop\n\ngo 1.19\n\nrequire golang.org/x/text v0.3.0\n", "cart.go": "package shop\n\nimport \"golang.org/x/text/language\"\n\nvar L = language.English\n", "cart_test.go": "package shop\n"}, cause="lock", step="Build", env={"GOFLAGS": "-mod=readonly"}, verdict="deterministic", facts={"changed": ["README.md"]}),
    go("go-proxy-dns", "go mod download", "lookup proxy.shop.invalid", more_files={"go.mod": "module example.com/shop\n\ngo 1.19\n\nrequire golang.org/x/text v0.3.0\n"}, cause="network", step="Fetch", env={"GOPROXY": "https://proxy.shop.invalid", "GOFLAGS": "-modcacherw", "GOMODCACHE": "/tmp/gomod-none", "GONOSUMDB": "*", "GONOSUMCHECK": "1"}, verdict="external", facts={"changed": ["README.md"]}),
    go("go-exit", "go run ./cmd", "exit status 3", more_files={"cmd/main.go": "package main\n\nimport \"os\"\n\nfunc main() {\n\tos.Exit(3)\n}\n"}, cause="command", step="Run", tool="", verdict="unknown"),
    go("gofmt", "test -z \"$(gofmt -l . | tee /dev/stderr)\"", "cart.go", "cart.go:0", more_files={"cart.go": "package shop\n\nvar   A = 1\n"}, cause="format", tool="gofmt", step="Format"),
)
_BAD = "pub fn total(prices: &[u32]) -> u32 {\n    let sum: String = prices.len();\n    summ\n}\n"
_RUSTS = (
    rust("cargo-test", "cargo test", "assertion `left == right` failed", "src/lib.rs:11", "src/lib.rs:17"),
    rust("cargo-test-quiet", "cargo test -q", "assertion `left == right` failed", "src/lib.rs:11", same_as="cargo-test"),
    rust("cargo-build", "cargo build", "cannot find value `summ` in this scope", "src/lib.rs:3", lib=_BAD, cause="compile", step="Build"),
    rust("cargo-build-colour", "cargo build --color always", "cannot find value `summ` in this scope", "src/lib.rs:3", lib=_BAD, cause="compile", step="Build", same_as="cargo-build"),
    rust("cargo-types", "cargo check", "mismatched types", "src/lib.rs:2", lib=_BAD.replace("summ", "sum.len() as u32"), cause="compile", step="Check"),
    rust("cargo-syntax", "cargo build", "this file contains an unclosed delimiter", "src/lib.rs:3", lib="pub fn total(prices: &[u32]) -> u32 {{\n    let x = 1 2;\n}\n", cause="compile"),
    rust("cargo-locked", "cargo build --locked", "cannot create the lock file", cause="lock", step="Build"),
    rust("cargo-crate-dns", "cargo build", "crates.shop.invalid", more_files={"Cargo.toml": _RUST["Cargo.toml"] + "[dependencies]\nserde = { git = 'https://crates.shop.invalid/serde' }\n"}, cause="network", step="Build", verdict="external", facts={"changed": ["README.md"]}),
    rust("cargo-fmt", "cargo fmt --check", "Diff in", "src/lib.rs:1", lib="pub fn a()   {}\n", cause="format", step="Format", tool="rustfmt"),
    rust("cargo-clippy", "cargo clippy -- -D warnings", "unneeded `return` statement", "src/lib.rs:2", lib="pub fn a() -> u32 {\n    return 1;\n}\n", cause="lint", step="Clippy"),
    rust("cargo-main-panics", "cargo run", "no config today", "src/main.rs:2", more_files={"src/main.rs": "fn main() {\n    panic!(\"no config today\");\n}\n"}, cause="crash", step="Run"),
    rust("rustc", "rustc --crate-type lib src/lib.rs", "cannot find value `summ` in this scope", "src/lib.rs:3", lib=_BAD, tool="rustc", cause="compile", step="Build"),
)
_LINK = {"src/cart.c": "int total(int);\n\nint main(void)\n{\n    return total(1);\n}\n"}
_CS = (
    c("gcc-errors", "gcc", "gcc -Wall -c src/cart.c", "expected ‘;’ before ‘return’", "src/cart.c:7"),
    c("make-gcc", "gcc", "make", "expected ‘;’ before ‘return’", "src/cart.c:7", same_as="gcc-errors"),
    c("clang-errors", "clang", "clang -Wall -c src/cart.c", "expected ';' after expression", "src/cart.c:7"),
    c("gcc-werror", "gcc", "gcc -Wall -Werror -c src/cart.c", "unused variable ‘x’ [-Werror=unused-variable]", "src/cart.c:3", more_files={"src/cart.c": "int main(void)\n{\n    int x = 1;\n    return 0;\n}\n"}),
    c("gcc-header", "gcc", "gcc -c src/cart.c", "fatal error: basket.h: No such file or directory", "src/cart.c:1", more_files={"src/cart.c": "#include <basket.h>\n"}),
    c("gcc-link", "gcc", "make", "undefined reference to `total'", more_files=_LINK),
    c("make-no-rule", "make", "make cart.o", "No rule to make target 'src/basket.c'", more_files={"Makefile": "cart.o: src/basket.c\n\tcc -c $<\n"}, cause="usage"),
    c("make-command", "make", "make check", "Error 7", more_files={"Makefile": "check:\n\t@echo checking\n\t@exit 7\n"}, cause="command", verdict="unknown"),
    c("cmake-config", "cmake", "cmake -B build", "Could not find a package configuration file provided by", "CMakeLists.txt:3", more_files={"CMakeLists.txt": "cmake_minimum_required(VERSION 3.16)\nproject(shop C)\nfind_package(Basket REQUIRED)\n"}, cause="dependency"),
    c("ctest", "ctest", "cmake -B build > /dev/null\ncmake --build build\nctest --test-dir build --output-on-failure", "1 - total (Failed)", verdict="unknown", more_files={"src/cart.c": "#include <stdio.h>\nint main(void)\n{\n    puts(\"total is 4, not 3\");\n    return 1;\n}\n", "CMakeLists.txt": "cmake_minimum_required(VERSION 3.16)\nproject(shop C)\nadd_executable(cart src/cart.c)\nenable_testing()\nadd_test(NAME total COMMAND cart)\n"}, cause="test"),
    c("shell-missing-command", "shell", "shopctl deploy", "shopctl: command not found", cause="usage"),
    c("shell-missing-file", "shell", "cat build/report.txt", "build/report.txt: No such file or directory", cause="command", verdict="unknown"),
    c("shell-segfault", "shell", "cc -o cart src/cart.c\n./cart", "Segmentation fault", more_files={"src/cart.c": "int main(void)\n{\n    int *p = 0;\n    return *p;\n}\n"}, cause="crash", verdict="unknown"),
)
CASES = (*_GOS, *_RUSTS, *_CS)
