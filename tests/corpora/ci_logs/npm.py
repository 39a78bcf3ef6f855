"""npm: locks, scripts, registries that do not answer. The registry is a small server of this script's own."""

from __future__ import annotations

from case import Case
from pip import SERVER, UNTOUCHED, served

DEPENDS = {"changed": ["package.json", "src/cart.js"], "base": "green"}
_LOCK = '{"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "1.1.0"}}, "node_modules/left-pad": {"version": "1.1.0"}}}'
FAST = {"npm_config_fetch_retries": "0", "npm_config_fetch_timeout": "4000", "npm_config_loglevel": "warn"}


def npm(name: str, run: str, key: str, cause: str, verdict: str, package: str = "{}", **more: object) -> Case:
    files = {"package.json": package, "README.md": ""} | more.pop("more_files", {})  # type: ignore[arg-type]
    env = FAST | more.pop("env", {})  # type: ignore[arg-type]
    given = {"facts": UNTOUCHED, "step": "Install dependencies", "tool": "npm"} | more
    return Case(name=f"npm-{name}", run=run, key=key, cause=cause, verdict=verdict, files=files, env=env, before=f"cat > /tmp/ci-server.py <<'END'\n{SERVER}END", **given)  # type: ignore[arg-type]


def dependent(what: str) -> str:
    return '{"name": "shop", "version": "1.0.0", "dependencies": {' + what + "}}"


def at(port: int) -> dict[str, str]:
    return {"npm_config_registry": f"http://127.0.0.1:{port}/"}


_PEERS = {"a/package.json": '{"name": "a", "version": "1.0.0", "peerDependencies": {"b": "^2.0.0"}}', "b/package.json": '{"name": "b", "version": "1.0.0"}'}
CASES = (
    npm("lock-out-of-date", "npm ci", "can only install packages when your package.json and package-lock.json", "lock", "ours", dependent('"left-pad": "1.3.0"'), more_files={"package-lock.json": _LOCK}, facts=DEPENDS),
    npm("no-lock", "npm ci", "can only install with an existing package-lock.json", "lock", "deterministic", dependent('"left-pad": "1.3.0"')),
    npm("no-such-package", "npm install", "404", "dependency", "ours", dependent('"shopkit-of-nobody-at-all": "1.0.0"'), facts=DEPENDS),
    npm("no-such-version", "npm install", "No matching version found for left-pad@99.0.0", "dependency", "ours", dependent('"left-pad": "99.0.0"'), facts=DEPENDS),
    npm("peers", "npm install --strict-peer-deps", "ERESOLVE", "dependency", "ours", dependent('"a": "file:./a", "b": "file:./b"'), more_files=_PEERS, facts=DEPENDS),
    npm("registry-503", served(503, 5821, "npm install"), "503 Service Unavailable", "registry", "external", dependent('"left-pad": "1.3.0"'), env=at(5821)),
    npm("registry-502", served(502, 5822, "npm ci"), "502 Bad Gateway", "registry", "external", dependent('"left-pad": "1.1.0"'), more_files={"package-lock.json": _LOCK}, env=at(5822)),
    npm("registry-429", served(429, 5823, "npm install"), "429 Too Many Requests", "rate-limit", "external", dependent('"left-pad": "1.3.0"'), env=at(5823)),
    npm("registry-401", served(401, 5824, "npm install"), "401", "secret", "infrastructure", dependent('"@shop/kit": "1.3.0"'), env=at(5824)),
    npm("registry-dns", "npm install", "ENOTFOUND", "network", "external", dependent('"left-pad": "1.3.0"'), env={"npm_config_registry": "http://registry.shop.invalid/"}),
    npm("missing-script", "npm run biuld", 'Missing script: "biuld"', "usage", "deterministic", '{"name": "shop", "scripts": {"build": "true"}}', step="Build"),
    npm("script-fails", "npm run build", "no assets folder", "crash", "unknown", '{"name": "shop", "scripts": {"build": "node build.js"}}', more_files={"build.js": "throw new Error('no assets folder');\n"}, step="Build", tool="node"),
    npm("json", "npm install", "Failed to parse JSON data", "syntax", "ours", '{"name": "shop",}', facts=DEPENDS),
    npm("engine", "npm install --engine-strict", "EBADENGINE", "dependency", "ours", '{"name": "shop", "engines": {"node": ">=99"}}', facts=DEPENDS),
)
