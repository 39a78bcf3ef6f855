"""What steers the tests of each language is known by name, or by the part of a file that changes; a product is not."""

from __future__ import annotations

import pytest

from app.verify.steering import steering
from app.workspace import Change

BY_NAME = {
    "any": ("Makefile", "GNUmakefile", "a/rules.mk", "justfile", "Taskfile.yml", ".env", ".env.test", ".envrc",
            "run_tests.sh", "test.sh", "tests.py", ".bazelrc"),
    "Python": ("conftest.py", "tests/conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", "tox.ini", "tox.toml",
               "noxfile.py", "hatch.toml", ".coveragerc", "sitecustomize.py", "usercustomize.py", "lib/a.pth",
               "__pycache__/calc.cpython-311.pyc", "calc.pyc", ".venv/pyvenv.cfg", "unittest.cfg", "nose2.cfg",
               ".noserc", "dodo.py"),
    "JavaScript": (".mocharc.json", ".taprc", ".npmrc", ".yarnrc.yml", ".yarnrc", ".pnpmfile.cjs", ".nycrc",
                   ".c8rc.json", ".babelrc", "babel.config.js", ".swcrc", "jest.config.ts", "jest.setup.js",
                   "jest.preset.js", "jest-e2e.json", "vitest.config.mts", "vitest.workspace.ts", "vite.config.ts",
                   "karma.conf.js", "playwright.config.ts", "cypress.config.js", "cypress.json", "ava.config.js",
                   "wdio.conf.js", "spec/support/jasmine.json", "src/setupTests.ts", "testem.js", ".testem.json",
                   "turbo.json", "gulpfile.js", "Gruntfile.js", "web-test-runner.config.mjs", "cucumber.config.cjs"),
    "Go": ("magefile.go",),
    "Rust": (".cargo/config.toml", ".cargo/config", ".config/nextest.toml"),
    "Java": ("pom.xml", "core/pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle.kts", "gradle.properties",
             "gradle/tests.gradle", "buildSrc/src/main/kotlin/a.kt", "build-logic/a.gradle", ".mvn/maven.config",
             ".mvn/jvm.config", ".mvn/extensions.xml", "mvnw", "gradlew", "surefire.properties",
             "src/test/resources/junit-platform.properties", "testng.xml", "build.sbt", "project/plugins.sbt",
             "src/test/resources/META-INF/services/org.junit.platform.launcher.PostDiscoveryFilter", "build.xml"),
    "Ruby": (".rspec", ".rspec-local", "Rakefile", "lib/tasks/test.rake", ".simplecov", "spec/spec_helper.rb",
             "spec/rails_helper.rb", "test/test_helper.rb", "config/environments/test.rb", "bin/rspec"),
    "PHP": ("phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml", "tests/bootstrap.php", "tests/Pest.php",
            "codeception.yml", "codeception.dist.yml", "behat.yml", "phpspec.yml", "php.ini"),
    ".NET": ("ci.runsettings", "a.testsettings", "Directory.Build.props", "Directory.Build.targets",
             "A.Tests/xunit.runner.json", "testconfig.json", ".config/dotnet-tools.json"),
    "C": ("CTestCustom.cmake", "CTestConfig.cmake", "CTestTestfile.cmake", "CMakePresets.json",
          "CMakeUserPresets.json"),
    "others": (".proverc", "config/test.exs", "test/test_helper.exs", "dart_test.yaml", "All.xctestplan", ".busted"),
}  # fmt: skip
# path → (before, after): it steers
BY_PART = [
    ("pyproject.toml", "[tool.pytest.ini_options]\naddopts=''\n", "[tool.pytest.ini_options]\naddopts='-k a'\n"),
    ("pyproject.toml", "[tool.poe.tasks]\ntest='pytest'\n", "[tool.poe.tasks]\ntest='true'\n"),
    ("pyproject.toml", "[tool.taskipy.tasks]\ntest='pytest'\n", "[tool.taskipy.tasks]\ntest='true'\n"),
    ("pyproject.toml", "[project]\n", "[project.entry-points.pytest11]\na='b'\n"),
    ("setup.cfg", "[nosetests]\n", "[nosetests]\nexclude=a\n"),
    ("pixi.toml", "[tasks]\ntest='pytest'\n", "[tasks]\ntest='true'\n"),
    ("package.json", '{"scripts":{"test":"jest"}}', '{"scripts":{"test":"true"}}'),
    ("package.json", '{"jest":{}}', '{"jest":{"testPathIgnorePatterns":["a"]}}'),
    ("deno.json", '{"test":{}}', '{"test":{"exclude":["a"]}}'),
    ("bunfig.toml", "[test]\n", "[test]\nroot='b'\n"),
    ("nx.json", "{}", '{"targetDefaults":{"test":{"executor":"nx:noop"}}}'),
    ("composer.json", '{"scripts":{"test":"phpunit"}}', '{"scripts":{"test":"true"}}'),
    ("go.mod", "module a\n", "module a\nreplace b => ./c\n"),
    ("go.mod", "module a\nreplace (\n\tb => ./b\n)\n", "module a\nreplace (\n\tb => ./c\n)\n"),
    ("go.work", "use (\n\t./a\n\t./b\n)\n", "use (\n\t./a\n)\n"),
    ("Cargo.toml", "[package]\nname='a'\n", "[package]\nname='a'\nautotests=false\n"),
    ("Cargo.toml", "[workspace]\nmembers=['*']\n", "[workspace]\nmembers=['*']\nexclude=['b']\n"),
    ("CMakeLists.txt", "enable_testing()\nadd_test(a b)\n", "enable_testing()\n"),
    ("CMakeLists.txt", "add_test(a b)\n", "add_test(a b)\nset_tests_properties(a PROPERTIES WILL_FAIL TRUE)\n"),
    ("meson.build", "test('a', b)\n", ""),
    ("All.sln", 'Project("x") = "A.Tests"\n', ""),
]
# path → (before, after): it does not
INNOCENT = [
    ("calc.py", "a", "b"), ("app/tasks.py", "a", "b"), ("src/index.js", "a", "b"), ("build.rs", "a", "b"),
    ("tsconfig.json", "{}", '{"strict":true}'), ("scripts/deploy.sh", "a", "b"), ("project/views.properties", "a", "b"),
    ("pyproject.toml", "[project]\n", "[project]\ndependencies=['a']\n"),
    ("package.json", "{}", '{"dependencies":{"a":"1"}}'),
    ("Cargo.toml", "[dependencies]\n", "[dependencies]\na='1'\n"),
    ("Cargo.toml", "[workspace]\nmembers=['a']\n", "[workspace]\nmembers=['a','b']\n"),
    ("go.mod", "module a\n", "module a\nrequire b v1.0.0\n"),
    ("go.work", "use ./a\n", "use ./a\nuse ./b\n"),
    ("CMakeLists.txt", "add_library(a a.c)\nadd_test(a b)\n", "add_library(a a.c b.c)\nadd_test(a b)\nadd_test(c d)\n"),
    ("All.sln", 'Project("x") = "A"\n', 'Project("x") = "A"\nProject("x") = "B"\n'),
    ("composer.json", "{}", '{"require":{"a":"1"}}'),
    ("META-INF/services/com.example.Plugin", "a", "b"),
]  # fmt: skip


def steers(path: str, before: str, after: str) -> bool:
    change = Change(path=path, kind="modify", mode="100644", digest="", size=0, old_mode="100644")
    return bool(steering([change], {path: after.encode()}, {path: before.encode()}, ["make check"]))


@pytest.mark.parametrize("language", BY_NAME)
def test_files_that_steer_the_tests_are_known_by_name(language: str) -> None:
    assert [path for path in BY_NAME[language] if not steers(path, "a", "b")] == []


def test_files_that_hold_more_steer_by_their_part() -> None:
    assert [case for case in BY_PART if not steers(*case)] == []


def test_what_products_consist_of_steers_nothing() -> None:
    assert [case for case in INNOCENT if steers(*case)] == []


# A new file of tests, or beside them → it steers those that are there
REACHING = {
    "test_a.py": (
        "import calc\ncalc.div = 1\n", "import calc\nc = calc\n\ndef test_a():\n    c.div = 1\n",
        "setattr(x, 'a', 1)\n",
        "import calc\n\ndef test_a():\n    calc.TABLE['a'] = 1\n", "import sys\nsys.modules['calc'] = None\n",
        "from unittest.mock import patch\npatch('calc.div').start()\n", "pytest_plugins = ['a']\n", "run()\n",
        "class T:\n    run()\n", "try:\n    run()\nexcept E:\n    pass\n", "def load_tests(*_):\n    return 1\n", "(",
        "import os\nos.environ['A'] = '1'\n", "import os\n\ndef test_a():\n    os._exit(0)\n",
        "from ctypes import cdll\n",
        "from os import _exit as leave\n", "from builtins import setattr as put\n",
    ),
    "a.test.js": ("it.only('a', f)\n", "fit('a', f)\n", "process.exit(0)\n", "globalThis.it = f\n", "it = f\n",
                  "delete require.cache[a]\n", "Array.prototype.map = f\n"),
    "a_test.go": ("func TestMain(m *testing.M) {}\n", "func init() {}\n", "func TestA(t *T) { os.Exit(0) }\n"),
    "spec/a_spec.rb": ("class Calc\nend\n", "at_exit { exit! 0 }\n", "Calc.class_eval { }\n"),
    "tests/ATest.php": ("function strlen($a) {}\n", "exit(0);\n"),
    "tests/calc.py": ("",), "tests/calc/__init__.py": ("",), "tests/json.py": ("",), "__mocks__/fs.js": ("",),
}  # fmt: skip
QUIET = {
    "test_a.py": (
        "import sys\nsys.path.insert(0, '.')\nimport re\nA = re.compile('a')\n\n@mark.a\ndef test_a():\n    run()\n",
        "import unittest\n\nclass T(unittest.TestCase):\n    A = 1\n\n    def setUp(self):\n        self.a = run()\n"
        "        self.a.b = 2\n\nif __name__ == '__main__':\n    unittest.main()\n",
    ),
    "a.test.js": ("const { div } = require('./calc.js');\ntest('a', () => assert.equal(div(1, 0), 0));\n",),
    "a_test.go": ("func TestA(t *testing.T) { t.Error(1) }\n",),
    "spec/a_spec.rb": ("class CalcTest < Minitest::Test\n  def test_a; end\nend\n",),
    "tests/ATest.php": ("<?php\nclass ATest {\n  public function testA() {}\n}\n",),
    "tests/helpers.py": ("",), "tests/test_calc.py": ("",),
}  # fmt: skip


def begins_to_steer(path: str, content: str) -> bool:
    added = Change(path=path, kind="add", mode="100644", digest="", size=0)
    beside = Change(path="src/calc.py", kind="modify", mode="100644", digest="", size=0, old_mode="100644")
    return path in steering([added, beside], {path: content.encode(), beside.path: b""}, {}, [])


def test_new_files_steer_where_they_may_reach_other_tests() -> None:
    rows = [(path, content) for path, contents in REACHING.items() for content in contents]
    assert [row for row in rows if not begins_to_steer(*row)] == []
    assert [(path, it) for path, contents in QUIET.items() for it in contents if begins_to_steer(path, it)] == []
