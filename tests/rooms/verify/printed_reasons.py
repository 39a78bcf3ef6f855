"""What runners print of a new test that fails without the change, and what that says of it."""

from __future__ import annotations

# The test, what is printed of it at base, and what that says: `absent` and `broken` prove nothing.
PRINTED = [
    (
        "test/a.test.js",
        "not ok 1 - half\n"
        "  ---\n"
        "  location: '/work/test/a.test.js:2:1'\n"
        "  error: 'calc.half is not a function'\n"
        "  code: 'ERR_TEST_FAILURE'\n"
        "  name: 'TypeError'\n"
        "  stack: |-\n"
        "    TestContext.<anonymous> (/work/test/a.test.js:2:37)\n"
        "    Test.run (node:internal/test_runner/test:796:25)\n"
        "  ...\n",
        "absent",
    ),
    (
        "test/a.test.js",
        "not ok 1 - half\n"
        "  ---\n"
        "  location: '/work/test/a.test.js:2:1'\n"
        "  error: \"Cannot read properties of undefined (reading 'b')\"\n"
        "  code: 'ERR_TEST_FAILURE'\n"
        "  name: 'TypeError'\n"
        "  stack: |-\n"
        "    deep (/work/src/calc.js:1:5)\n"
        "    Test.run (node:internal/test_runner/test:796:25)\n"
        "  ...\n",
        "red",
    ),
    (
        "test/a.test.js",
        "not ok 1 - half\n"
        "  ---\n"
        "  location: '/work/test/a.test.js:2:1'\n"
        "  error: 'Infinity == 0'\n"
        "  code: 'ERR_TEST_FAILURE'\n"
        "  name: 'TypeError'\n"
        "  stack: |-\n"
        "    TestContext.<anonymous> (/work/test/a.test.js:2:25)\n"
        "    Test.run (node:internal/test_runner/test:796:25)\n"
        "  ...\n",
        "red",
    ),
    (
        "test/a.test.js",
        "not ok 1 - half\n"
        "  ---\n"
        "  location: '/work/test/a.test.js:2:1'\n"
        "  error: |-\n"
        "    Expected values to be strictly equal:\n"
        "  code: 'ERR_TEST_FAILURE'\n"
        "  name: 'TypeError'\n"
        "  stack: |-\n"
        "    f (/work/test/a.test.js:2:25)\n"
        "    Test.run (node:internal/test_runner/test:796:25)\n"
        "  ...\n",
        "red",
    ),
    (
        "jt/a.test.ts",
        "  ● half\n\n    TypeError: calc.half is not a function\n\n      at Object.half (jt/a.test.ts:2:31)\n",
        "absent",
    ),
    (
        "p/jt/a.test.js",
        "    TypeError: calc.half is not a function\n\n      at Object.half (jt/a.test.js:2:31)\n",
        "absent",
    ),
    (
        "jt/a.test.js",
        "    TypeError: a.b is not a function\n"
        "\n"
        "      at Object.b (src/calc.js:1:51)\n"
        "      at Object.half (jt/a.test.js:2:31)\n",
        "red",
    ),
    (
        "jt/a.test.js",
        "  ● half\n"
        "\n"
        "    expect(received).toBe(expected) // Object.is equality\n"
        "\n"
        "      at Object.toBe (jt/a.test.js:2:31)\n",
        "red",
    ),
    (
        "jt/a.test.js",
        "  ● Test suite failed to run\n\n    Cannot find module '../src/new' from 'jt/a.test.js'\n",
        "broken",
    ),
    (
        "mt/a.js",
        "  1) half:\n     TypeError: calc.half is not a function\n      at Context.<anonymous> (mt/a.js:2:35)\n",
        "absent",
    ),
    (
        "mt/a.js",
        "  1) half:\n     ReferenceError: half is not defined\n      at Context.<anonymous> (mt/a.js:2:35)\n",
        "absent",
    ),
    (
        "mt/a.js",
        "  1) half:\n     AssertionError [ERR_ASSERTION]: 1 == 2\n      at Context.<anonymous> (mt/a.js:2:35)\n",
        "red",
    ),
    (
        "mt/a.js",
        "  1) a:\n"
        "     TypeError: a.b is not a function\n"
        "      at Context.<anonymous> (mt/a.js:2:35)\n"
        "\n"
        "  2) b:\n"
        "     AssertionError [ERR_ASSERTION]: 1 == 2\n"
        "      at Context.<anonymous> (mt/a.js:3:35)\n",
        "red",
    ),
    (
        "vt/a.test.mjs",
        " FAIL  vt/a.test.mjs > half\nTypeError: default.half is not a function\n ❯ vt/a.test.mjs:2:31\n",
        "absent",
    ),
    (
        "vt/a.test.mjs",
        "TypeError: Cannot read properties of undefined (reading 'b')\n ❯ exports.deep src/calc.js:1:51\n",
        "red",
    ),
    (
        "a.test.mjs",
        "SyntaxError: The requested module './calc.js' does not provide an export named 'half'\n",
        "absent",
    ),
    (
        "a.test.ts",
        "src/a.test.ts:1:10 - error TS2305: Module '\"./calc\"' has no exported member 'half'.\n",
        "broken",
    ),
    (
        "a_test.go",
        "./a_test.go:6:9: undefined: Half\nFAIL\tx [build failed]\n",
        "broken",
    ),
    (
        "a_test.go",
        "--- FAIL: TestA (0.00s)\n    a_test.go:6: got 1\nFAIL\n",
        "red",
    ),
    (
        "tests/a.rs",
        "error[E0425]: cannot find function `half` in crate `a`\nerror: could not compile `a` (test)\n",
        "broken",
    ),
    (
        "tests/a.rs",
        "test half ... FAILED\n\nerror: test failed, to rerun pass `--test a`\n",
        "red",
    ),
    (
        "src/test/ATest.java",
        "[ERROR] COMPILATION ERROR : \n[ERROR] ATest.java:[5,9] cannot find symbol\n",
        "broken",
    ),
    (
        "src/test/ATest.java",
        "[ERROR]   ATest.half:5 expected: <1> but was: <2>\n",
        "red",
    ),
    (
        "src/test/ATest.kt",
        "e: file:///w/ATest.kt:5:9 Unresolved reference: half\n",
        "broken",
    ),
    (
        "ATests.cs",
        "ATests.cs(5,9): error CS0117: 'A' does not contain a definition for 'Half'\n",
        "broken",
    ),
    (
        "a_test.c",
        "a_test.c:5:9: error: implicit declaration of function 'half'\n",
        "broken",
    ),
    (
        "a_test.cpp",
        "a_test.cpp:(.text+0x5): undefined reference to `half'\n",
        "broken",
    ),
    (
        "test/test_a.rb",
        "  1) Error:\n"
        "TestA#test_half:\n"
        "NoMethodError: undefined method `half' for A:Module\n"
        "    test/test_a.rb:4:in `test_half'\n",
        "absent",
    ),
    (
        "test/test_a.rb",
        "  1) Error:\n"
        "TestA#test_half:\n"
        "NoMethodError: undefined method `b' for nil:NilClass\n"
        "    lib/a.rb:4:in `half'\n"
        "    test/test_a.rb:4:in `test_half'\n",
        "red",
    ),
    (
        "test/test_a.rb",
        "  1) Failure:\nTestA#test_half [test/test_a.rb:5]:\nExpected: 1\n  Actual: 2\n",
        "red",
    ),
    (
        "spec/a_spec.rb",
        "  1) A half\n"
        "     Failure/Error: expect(A.half(2)).to eq 1\n"
        "\n"
        "     NoMethodError:\n"
        "       undefined method `half' for A:Module\n"
        "     # ./spec/a_spec.rb:4:in `block'\n",
        "absent",
    ),
    (
        "spec/a_spec.rb",
        "  1) A half\n"
        "     Failure/Error: expect(A.half(2)).to eq 1\n"
        "\n"
        "       expected: 1\n"
        "            got: 2\n"
        "     # ./spec/a_spec.rb:4:in `block'\n",
        "red",
    ),
    (
        "tests/ATest.php",
        "1) ATest::testHalf\nError: Call to undefined function half()\n\n/w/tests/ATest.php:7\n",
        "absent",
    ),
    (
        "tests/ATest.php",
        "1) ATest::testHalf\nFailed asserting that 2 matches expected 1.\n\n/w/tests/ATest.php:7\n",
        "red",
    ),
    (
        "tests/ATest.php",
        "1) ATest::testHalf\nError: Call to a member function b() on null\n\n/w/src/A.php:7\n",
        "red",
    ),
    (
        "tests/test_a.py",
        "======================================================================\n"
        "ERROR: test_x (test_a.T.test_x)\n"
        "----------------------------------------------------------------------\n"
        "Traceback (most recent call last):\n"
        '  File "/work/tests/test_a.py", line 3, in f\n'
        "    x\n"
        "ImportError: cannot import name 'half' from 'calc'\n"
        "\n"
        "----------------------------------------------------------------------\n"
        "Ran 2 tests in 0.001s\n"
        "\n"
        "FAILED (errors=2)\n",
        "absent",
    ),
    (
        "test/a.odd",
        "anything",
        "red",
    ),
]
