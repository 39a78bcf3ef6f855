"""docker build, on an image made of busybox (`docker import - base:1`); nothing is fetched."""

from __future__ import annotations

from case import Case

OURS = {"changed": ["Dockerfile", "README.md"], "base": "green"}


def docker(name: str, dockerfile: str, key: str, cause: str, verdict: str, **more: object) -> Case:
    files = {"Dockerfile": dockerfile, "README.md": "shop\n"}
    given = {"tool": "docker", "facts": OURS, "step": "Build image", "run": "docker build --network none -t shop .", "env": {"DOCKER_BUILDKIT": "1"}} | more
    return Case(name=f"docker-{name}", key=key, cause=cause, verdict=verdict, files=files, **given)  # type: ignore[arg-type]


CASES = (
    docker("run-exits", "FROM base:1\nRUN echo building\nRUN echo 'no assets today' && exit 3\n", "exit code: 3", "command", "unknown"),
    docker("copy-missing", "FROM base:1\nCOPY requirements.txt /srv/\n", "/requirements.txt", "usage", "ours"),
    docker("unknown-instruction", "FROM base:1\nRUM echo hi\n", "RUM", "syntax", "ours", places=("Dockerfile:2",)),
    docker("no-base", "FROM registry.shop.invalid/base:1\nRUN true\n", "registry.shop.invalid", "network", "external", facts={"changed": ["README.md"], "base": "green"}),
    docker("command-not-found", "FROM base:1\nRUN shopctl build\n", "shopctl: not found", "usage", "ours", tool="shell"),
    docker("legacy-run-exits", "FROM base:1\nRUN echo 'no assets today' && exit 3\n", "returned a non-zero code: 3", "command", "unknown", env={"DOCKER_BUILDKIT": "0"}),
    docker("no-space", "FROM base:1\nRUN echo 'write error: No space left on device' >&2; exit 1\n", "No space left on device", "disk", "infrastructure"),
    docker("no-daemon", "FROM base:1\n", "Cannot connect to the Docker daemon", "command", "unknown", tool="", env={"DOCKER_HOST": "unix:///tmp/no-docker.sock"}),
)
