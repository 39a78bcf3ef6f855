"""jest, vitest, mocha, node --test, TypeScript, eslint."""

from __future__ import annotations

from case import Case

OURS = {"changed": ["src/cart.js", "src/release.js", "test/cart.test.js", "src/cart.ts"], "base": "green"}
MODULES = "cp -al /opt/hostedtoolcache/node_tools/node_modules node_modules"
CART = """function total(prices) {
  return prices.reduce((a, b) => a + b, 0) + 1;
}

function discount(price, percent) {
  if (percent > 100) throw new RangeError(`percent out of range: ${percent}`);
  return (price * (100 - percent)) / 100;
}

module.exports = { total, discount };
"""
_TEST = """const { total, discount } = require('../src/cart');

describe('cart', () => {
  test('adds prices', () => {
    expect(total([1, 2])).toBe(3);
  });

  test('takes a discount', () => {
    expect(discount(100, 120)).toBe(0);
  });

  test('logs', () => {
    console.error('Error: this is only a word, 0 failed');
  });
});
"""
_MOCHA = """const assert = require('assert');
const { total, discount } = require('../src/cart');

describe('cart', () => {
  it('adds prices', () => {
    assert.strictEqual(total([1, 2]), 3);
  });
  it('takes a discount', () => {
    discount(100, 120);
  });
  it('is a cart', () => {});
});
"""
_VITEST = "import { describe, expect, it as test } from 'vitest';\nimport { total, discount } from '../src/cart';\n" + _TEST.split("\n", 1)[1]
_NODE = "const { test } = require('node:test');\nconst assert = require('assert');\nconst { total } = require('../src/cart');\n"


def case(name: str, tool: str, run: str, key: str, *places: str, test: str = _TEST, **more: object) -> Case:
    files = {"package.json": '{"name": "shop", "private": true}', "src/cart.js": CART, "test/cart.test.js": test}
    files |= more.pop("more_files", {})  # type: ignore[arg-type]
    given = {"cause": "test", "facts": OURS, "verdict": "ours", "before": MODULES, "step": "Test"} | more
    return Case(name=name, tool=tool, run=run, key=key, places=places, files=files, **given)  # type: ignore[arg-type]


def one(body: str) -> str:
    return f"test('adds', () => {{\n  {body}\n}});\n"


_SNAPSHOT = {"test/__snapshots__/cart.test.js.snap": "// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing\n\nexports[`adds 1`] = `\n{\n  \"total\": 4,\n}\n`;\n"}
_JEST = (
    case("jest-assert", "jest", "npx jest", "Expected: 3", "test/cart.test.js:5", "src/cart.js:6"),
    case("jest-colour", "jest", "npx jest --colors", "Expected: 3", "test/cart.test.js:5", same_as="jest-assert"),
    case("jest-verbose", "jest", "npx jest --verbose", "Expected: 3", "test/cart.test.js:5", same_as="jest-assert", job="test (20)"),
    case("jest-module-missing", "jest", "npx jest", "Cannot find module '../src/basket'", "test/cart.test.js:1", test="require('../src/basket');\n" + one("expect(1).toBe(1);"), cause="import"),
    case("jest-syntax", "jest", "npx jest", "SyntaxError", "test/cart.test.js:2", test="test('adds', () => {\n  const = 1;\n});\n", cause="syntax"),
    case("jest-snapshot", "jest", "npx jest --ci", "Snapshot name: `adds 1`", "test/cart.test.js:2", test=one("expect({ total: 3 }).toMatchSnapshot();"), more_files=_SNAPSHOT),
    case("jest-timeout", "jest", "npx jest --testTimeout 300", "Exceeded timeout of 300 ms for a test", "test/cart.test.js:1", test="test('adds', async () => {\n  await new Promise(() => {});\n});\n", cause="timeout"),
    case("jest-no-tests", "jest", "npx jest --testPathPatterns nothing", "No tests found, exiting with code 1", cause="no-tests"),
    case("jest-coverage", "jest", "npx jest --coverage --coverageThreshold '{\"global\":{\"lines\":99}}'", "does not meet \"global\" threshold (99%)", test="const { total } = require('../src/cart');\n" + one("expect(total([])).toBe(1);"), cause="coverage"),
    case("jest-refused", "jest", "npx jest", "connect ECONNREFUSED 127.0.0.1:5999", test="const http = require('http');\n\ntest('rates', async () => {\n  await new Promise((ok, no) => http.get('http://127.0.0.1:5999/', ok).on('error', no));\n});\n", cause="network", verdict="unknown", facts={"changed": ["README.md"]}),
    case("jest-github-reporter", "jest", "npx jest --reporters=default --reporters=github-actions", "Expected: 3", "test/cart.test.js:5", same_as="jest-assert"),
)
_VITESTS = (
    case("vitest-assert", "vitest", "npx vitest run", "AssertionError: expected 4 to be 3", "test/cart.test.js:6", test=_VITEST),
    case("vitest-no-ci", "vitest", "GITHUB_ACTIONS= npx vitest run", "AssertionError: expected 4 to be 3", "test/cart.test.js:6", test=_VITEST, same_as="vitest-assert"),
    case("vitest-import", "vitest", "npx vitest run", "Cannot find module '../src/basket'", test="import { basket } from '../src/basket';\nimport { test } from 'vitest';\ntest('a', () => { basket(); });\n", cause="import"),
    case("vitest-timeout", "vitest", "npx vitest run --testTimeout 300", "Test timed out in 300ms", "test/cart.test.js:3", test="import { test } from 'vitest';\n\ntest('waits', async () => {\n  await new Promise(() => {});\n});\n", cause="timeout"),
    case("vitest-unhandled", "vitest", "npx vitest run", "Unhandled Rejection", "test/cart.test.js:3", test="import { test } from 'vitest';\ntest('fires', () => {\n  Promise.reject(new Error('nobody waits'));\n});\n"),
    case("vitest-snapshot", "vitest", "npx vitest run", "Snapshot `adds 1` mismatched", "test/cart.test.js:3", test="import { expect, test } from 'vitest';\ntest('adds', () => {\n  expect(3).toMatchInlineSnapshot(`4`);\n});\n"),
)
_OTHERS = (
    case("mocha-assert", "mocha", "npx mocha test", "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal", "test/cart.test.js:6", test=_MOCHA),
    case("mocha-colour", "mocha", "npx mocha --color test", "AssertionError", "test/cart.test.js:6", test=_MOCHA, same_as="mocha-assert"),
    case("mocha-timeout", "mocha", "npx mocha --timeout 200 test", "Timeout of 200ms exceeded", test="it('waits', (done) => {});\n", cause="timeout"),
    case("mocha-hook", "mocha", "npx mocha test", 'Error: no shop', "test/cart.test.js:2", test="describe('cart', () => {\n  before(() => { throw new Error('no shop'); });\n  it('a', () => {});\n});\n"),
    case("mocha-module-missing", "mocha", "npx mocha test", "Error: Cannot find module '../src/basket'", "test/cart.test.js:1", test="require('../src/basket');\n", cause="import"),
    case("node-test-assert", "node", "node --test", "Expected values to be strictly equal", "test/cart.test.js:6", test=_NODE + "\ntest('adds prices', () => {\n  assert.strictEqual(total([1, 2]), 3);\n});\ntest('ok', () => {});\n"),
    case("node-test-spec", "node", "node --test --test-reporter spec", "Expected values to be strictly equal", "test/cart.test.js:6", test=_NODE + "\ntest('adds prices', () => {\n  assert.strictEqual(total([1, 2]), 3);\n});\ntest('ok', () => {});\n", same_as="node-test-assert"),
    case("node-test-several", "node", "node --test", "percent out of range", "src/cart.js:6", test=_NODE.replace("{ total }", "{ total, discount }") + "\ntest('adds', () => {\n  assert.strictEqual(total([1, 2]), 3);\n});\ntest('gives', () => {\n  discount(1, 120);\n});\n"),
    case("node-test-import", "node", "node --test", "Cannot find module '../src/basket'", "test/cart.test.js:1", test="require('../src/basket');\n", cause="import"),
    case("node-script", "node", "node src/release.js", "TypeError: Cannot read properties of undefined", "src/release.js:2", more_files={"src/release.js": "const shop = undefined;\nconsole.log(shop.name);\n"}, cause="crash", step="Release"),
    case("node-heap", "node", "node --max-old-space-size=40 -e 'const a=[]; for(;;) a.push({x: new Array(100).fill(a.length)})'", "JavaScript heap out of memory", cause="memory", verdict="infrastructure", facts={"changed": ["README.md"]}, step="Build"),
)
_TS = {"tsconfig.json": '{"compilerOptions": {"strict": true, "noEmit": true, "skipLibCheck": true, "types": []}, "include": ["src"]}', "src/cart.ts": "export function total(prices: number[]): number {\n  const sum: string = prices.length;\n  return summ;\n}\n"}
_ESLINT = {"eslint.config.mjs": "import js from '@eslint/js';\nexport default [js.configs.recommended, { files: ['src/**'], rules: { eqeqeq: 'warn' } }];\n", "src/cart.js": "export function total(prices) {\n  const unused = 1;\n  if (prices == 1) return 0;\n  return prises.length;\n}\n"}
_STATIC = (
    case("tsc-types", "tsc", "npx tsc --pretty false", "error TS2322: Type 'number' is not assignable to type 'string'.", "src/cart.ts:2", "src/cart.ts:3", more_files=_TS, cause="type"),
    case("tsc-matched", "tsc", "npx tsc --pretty false", "error TS2322", "src/cart.ts:2", more_files=_TS, cause="type", matchers=("tsc",), same_as="tsc-types"),
    case("tsc-pretty", "tsc", "npx tsc --pretty", "error TS2322", "src/cart.ts:2", more_files=_TS, cause="type", same_as="tsc-types"),
    case("tsc-config", "tsc", "npx tsc", "error TS5023: Unknown compiler option 'strickt'", more_files=_TS | {"tsconfig.json": '{"compilerOptions": {"strickt": true}}'}, cause="usage"),
    case("tsc-module", "tsc", "npx tsc --pretty false", "error TS2307: Cannot find module './basket'", "src/cart.ts:1", more_files=_TS | {"src/cart.ts": "import { basket } from './basket';\nexport const a = basket;\n"}, cause="type"),
    case("eslint-rules", "eslint", "npx eslint src", "'unused' is assigned a value but never used", "src/cart.js:2", "src/cart.js:4", more_files=_ESLINT, cause="lint"),
    case("eslint-matched", "eslint", "npx eslint src", "'unused' is assigned a value but never used", "src/cart.js:2", more_files=_ESLINT, cause="lint", matchers=("eslint",), same_as="eslint-rules"),
    case("eslint-parse", "eslint", "npx eslint src", "Parsing error: Unexpected token", "src/cart.js:2", more_files=_ESLINT | {"src/cart.js": "export const a = 1;\nconst = 2;\n"}, cause="syntax"),
    case("eslint-no-config", "eslint", "npx eslint src", "ESLint couldn't find an eslint.config", cause="usage", verdict="deterministic"),
    case("eslint-warnings", "eslint", "npx eslint --max-warnings 0 src", "ESLint found too many warnings", "src/cart.js:2", more_files=_ESLINT | {"src/cart.js": "export const total = (prices) =>\n  prices == 1;\n"}, cause="lint"),
    case("prettier-check", "prettier", "npx prettier --check src", "Code style issues found", "src/cart.js:0", more_files={"src/cart.js": "const  a=1\n"}, cause="format"),
)
CASES = (*_JEST, *_VITESTS, *_OTHERS, *_STATIC)
