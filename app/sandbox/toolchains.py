"""What of the machine's software a sandbox may use: system directories, interpreters beside them, and the environment.

An allow-list throughout. Installation prefixes are taken only when they are nothing but that: never a home directory,
never one that holds a credential, never a virtual environment (Lamplighter's own is one).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# Of /etc only what programs need to start. Nothing here is particular to a person or holds a secret.
ETC = (
    "ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust/extracted", "alternatives", "ld.so.cache",
    "ld.so.conf", "ld.so.conf.d", "localtime", "timezone", "os-release", "debian_version", "mime.types", "protocols",
    "services", "magic", "fonts", "perl", "terminfo",
)  # fmt: skip
ETC_PATTERNS = ("java*", "python3*", "php", "dotnet")
ETC_MAVEN = ("m2.conf", "logging", "toolchains.xml")  # not settings.xml: it may hold passwords
CONFIG_INSIDE_USR = ("etc", "local/etc")  # global npmrc and the like: may hold tokens
TOOLS = (
    "python3", "python", "node", "npm", "yarn", "pnpm", "bun", "deno", "go", "cargo", "rustc", "java", "javac", "mvn",
    "gradle", "ruby", "bundle", "php", "composer", "dotnet", "elixir", "erl", "ghc", "cabal", "uv", "poetry", "make",
    "cmake", "gcc", "clang",
)  # fmt: skip
_CREDENTIALS = (
    ".npmrc", ".netrc", ".pypirc", ".aws", ".ssh", ".docker", ".config", ".gitconfig", ".git-credentials", ".gnupg",
    "credentials", "credentials.toml", "etc/npmrc", ".env",
)  # fmt: skip
SMALL_ENTRIES = 20
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
MACHINE_FACTS = (
    "/proc/cpuinfo", "/proc/meminfo", "/proc/version", "/proc/filesystems", "/proc/loadavg", "/proc/uptime",
    "/proc/stat", "/proc/sys/kernel/cap_last_cap", "/proc/sys/kernel/osrelease", "/proc/sys/kernel/pid_max",
    "/proc/sys/kernel/ngroups_max", "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/max_map_count",
    "/sys/devices/system/cpu", "/sys/kernel/mm/transparent_hugepage",
)  # fmt: skip
CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
PROXY_PORT = 3128  # inside; the sandbox's own loopback


@dataclass(frozen=True, kw_only=True)
class Toolchains:
    prefixes: tuple[Path, ...]  # read-only trees outside the system directories
    path: tuple[str, ...]  # their directories of programs, in the order of PATH
    python: Path  # the harness's own interpreter, always visible


@cache
def find() -> Toolchains:
    """Looked up once per process: PATH does not change while it runs."""
    base = Path(sys.base_prefix).resolve()
    python = base / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefixes: dict[Path, Path] = {}
    if not is_system(base):
        prefixes[base] = base / "bin"
    for tool in TOOLS:
        found = shutil.which(tool)
        if found is None:
            continue
        for program in (_behind_rustup(tool) or Path(found).resolve(),):
            prefix = program.parent.parent
            if program.parent.name == "bin" and not is_system(prefix) and is_clean(prefix):
                prefixes.setdefault(prefix, program.parent)
    return Toolchains(
        prefixes=tuple(prefixes),
        path=tuple(str(folder) for folder in prefixes.values()),
        python=python,
    )


def is_system(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in SYSTEM)


def is_clean(prefix: Path) -> bool:
    """Whether `prefix` is an installation and nothing else."""
    home = Path.home().resolve()
    if len(prefix.parts) < 3 or home.is_relative_to(prefix) or prefix.parent == home:
        return False
    if (prefix / "pyvenv.cfg").exists() or prefix.name in (".local", ".pyenv"):
        return False
    return not any((prefix / name).exists() for name in _CREDENTIALS)


def _behind_rustup(tool: str) -> Path | None:
    """`~/.cargo/bin/cargo` is a switch in a directory that may hold credentials: take the toolchain it stands for."""
    if tool not in ("cargo", "rustc"):
        return None
    root = Path(os.environ.get("RUSTUP_HOME") or Path.home() / ".rustup") / "toolchains"
    try:
        toolchains = sorted(root.iterdir(), key=lambda path: (not path.name.startswith("stable"), path.name))
    except OSError:
        return None
    for folder in toolchains:
        if (folder / "bin" / tool).exists():
            return (folder / "bin" / tool).resolve()
    return None


def etc_paths() -> list[Path]:
    """What of /etc may be seen, existing entries only."""
    etc = Path("/etc")
    found = [etc / name for name in ETC] + [etc / "maven" / name for name in ETC_MAVEN]
    for pattern in ETC_PATTERNS:
        found += sorted(etc.glob(pattern))
    return [path for path in found if path.exists()]


def assemble_etc(target: Path) -> list[Path]:
    """Copy the small part of what may be seen of /etc into `target`; returns what is to be mounted on top of it.

    Every mount costs a bubblewrap start half a millisecond, because it reads the mount table again for each.
    """
    mounts: list[Path] = []
    for path in etc_paths():
        copy = target / path.relative_to("/etc")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            shutil.copyfile(path, copy)
        elif _is_small(path):
            shutil.copytree(path, copy, symlinks=True)
        else:
            copy.mkdir()
            mounts.append(path)
    return mounts


def _is_small(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return all(entry.is_file(follow_symlinks=False) for entry in list(entries)[:SMALL_ENTRIES]) and (
            len(os.listdir(folder)) <= SMALL_ENTRIES
        )


def environment(*, home: str, tmp: str, path: Iterable[str], user: str, proxy: bool) -> dict[str, str]:
    """Every variable there is inside: nothing of the harness's own environment goes in."""
    own = (f"{home}/.local/bin", f"{home}/.cargo/bin", f"{home}/go/bin")
    env = {
        "PATH": ":".join([*own, *path, "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]),
        "HOME": home,
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/bash",
        "TMPDIR": tmp,
        "LANG": "C.UTF-8",
        "CI": "true",
        "TERM": "dumb",
    }
    bundle = next((name for name in CERTIFICATES if Path(name).exists()), None)
    if bundle:  # so that a certificate authority the operator added to the machine is trusted inside, too
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO"):
            env[name] = bundle
    if proxy:
        env |= _proxy_variables()
    return env


def _proxy_variables() -> dict[str, str]:
    url = f"http://127.0.0.1:{PROXY_PORT}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")
    others = ("CARGO_HTTP_PROXY", "YARN_HTTP_PROXY", "YARN_HTTPS_PROXY")
    java = " ".join(f"-D{scheme}.proxyHost=127.0.0.1 -D{scheme}.proxyPort={PROXY_PORT}" for scheme in ("http", "https"))
    local = "localhost,127.0.0.1,::1"
    return {
        **dict.fromkeys((*names, *others), url),
        "NO_PROXY": local,
        "no_proxy": local,
        "MAVEN_OPTS": java,  # the JVM reads no proxy variables; JAVA_TOOL_OPTIONS would print a line each time
        "GRADLE_OPTS": java,
    }
