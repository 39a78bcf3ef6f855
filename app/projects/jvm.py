"""Maven and Gradle builds; both run the tests of all their modules from the root. Pure."""

from __future__ import annotations

from app.checks.test_files import holds_tests
from app.projects.plan import Folder, Project

_SOURCES = (".java", ".kt", ".kts", ".scala", ".groovy")


def jvm(folder: Folder) -> Project | None:
    if not any(path.endswith(_SOURCES) and ("/test/" in f"/{path}" or holds_tests(path)) for path in folder.paths):
        return None
    language = "Kotlin" if not any(path.endswith(".java") for path in folder.paths) else "Java"
    if "pom.xml" in folder.names:
        maven = "./mvnw" if "mvnw" in folder.names else "mvn"
        # `dependency:go-offline` misses what surefire resolves while it runs, so the setup is one whole test run.
        return Project(
            folder=folder.path,
            setup=(f"{maven} -B -q -Dmaven.test.failure.ignore=true test",),
            verify=(f"{maven} -B -o --fail-at-end test",),
            language=language,
            why="a pom.xml",
        )
    if folder.names & {"build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"}:
        gradle = "./gradlew" if "gradlew" in folder.names else "gradle"
        return Project(
            folder=folder.path,
            setup=(f"{gradle} --no-daemon -q test --continue || true",),
            verify=(f"{gradle} --no-daemon --offline test --continue",),
            language=language,
            why="a Gradle build",
        )
    return None
