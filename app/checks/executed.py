"""Files that something runs without being asked: CI, an installer, an editor, git, a test runner. Pure.

A reviewer who opens such a change, installs it or lets the pipeline look at it has run it already. So it is named, a
person is asked for, and the pull request stays a draft. Files that hold other things as well (package.json, a lock
file) are judged by what changed in them (`app.checks.manifests`).
"""

from __future__ import annotations

from collections.abc import Iterator

from app.checks.changeset import ChangedFile, ChangeSet, Finding
from app.checks.manifests import runs_inside
from app.text.globs import Pattern, parse

# What runs it, and the files (as in .gitignore, in small letters: case does not matter).
_RUN_BY: dict[str, str] = {
    "GitHub Actions runs it as a step of a workflow": """
        .github/actions/ action.yml action.yaml
    """,
    "Dependabot opens pull requests by it": """
        .github/dependabot.yml .github/dependabot.yaml
    """,
    "a pipeline runs it, with the project's secrets": """
        .circleci/ .gitlab-ci.yml .gitlab/ci/ jenkinsfile jenkinsfile.* azure-pipelines*.yml .azure-pipelines/
        .travis.yml .drone.yml .buildkite/ bitbucket-pipelines.yml .cirrus.yml appveyor.yml .appveyor.yml
        .woodpecker.yml .woodpecker/ .teamcity/ codemagic.yaml bitrise.yml buildspec*.yml cloudbuild.yaml
        .semaphore/ wercker.yml .forgejo/workflows/ .gitea/workflows/ netlify.toml vercel.json render.yaml fly.toml
        procfile .readthedocs.yml .readthedocs.yaml .tekton/ earthfile dagger.json skaffold.yaml
    """,
    "pip runs it when the project is installed": """
        setup.py hatch_build.py pdm_build.py _custom_build.py
    """,
    "Python runs it at every start": """
        sitecustomize.py usercustomize.py *.pth
    """,
    "pytest runs it before any test": """
        conftest.py
    """,
    "a test or task runner runs what it says": """
        tox.ini noxfile.py pytest.ini /tasks.py /fabfile.py /dodo.py /duties.py /pavement.py justfile .justfile
        *.just taskfile.yml taskfile.yaml taskfile.dist.yml rakefile *.rake gruntfile.* gulpfile.* wscript
        sconstruct sconscript mise.toml .mise.toml magefile.go jest.config.* jest.setup.* vitest.config.*
        vitest.setup.* karma.conf.* playwright.config.* cypress.config.* .mocharc.* ava.config.* .rspec
        spec_helper.rb phpunit.xml phpunit.xml.dist
    """,
    "a build runs it": """
        build.rs build.gradle build.gradle.kts settings.gradle settings.gradle.kts init.gradle gradlew gradlew.bat
        mvnw mvnw.cmd /gradle/wrapper/ /.mvn/ gradle.properties binding.gyp .pnpmfile.cjs pnpmfile.js configure
        configure.ac cmakelists.txt *.cmake meson.build build.zig build.sbt project/plugins.sbt mix.exs
        package.swift build.xml directory.build.props directory.build.targets *.targets extconf.rb *.gemspec gemfile
        workspace.bazel module.bazel build.bazel *.bzl webpack.config.* vite.config.* rollup.config.* babel.config.*
        next.config.* nuxt.config.* astro.config.* svelte.config.* postcss.config.* tailwind.config.*
        eslint.config.* .eslintrc.js .eslintrc.cjs prettier.config.* .prettierrc.js metro.config.js
    """,
    "git or a hook of it runs what it says": """
        .githooks/ .git-hooks/ githooks/ .hooks/ .husky/ .huskyrc* lefthook.yml lefthook.yaml .lefthook/
        lefthook-local.yml .lefthook.yml .pre-commit-config.yaml .pre-commit-hooks.yaml .overcommit.yml
        .lintstagedrc* lint-staged.config.* .simple-git-hooks.* .gitmodules .gitconfig
    """,
    "an editor runs what it says when the folder is opened": """
        .vscode/tasks.json .vscode/launch.json .vscode/settings.json .vscode/mcp.json *.code-workspace .idea/ .run/
        .vim/ .exrc .nvimrc .nvim.lua .lvimrc .dir-locals.el .zed/ *.sublime-project .fleet/ .cursor/ .theia/
        .eclipse/ .project .mcp.json .claude/ .gemini/ .codex/ .windsurf/ .continue/
    """,
    "a container is built or started from it": """
        .devcontainer/ .devcontainer.json dockerfile dockerfile.* *.dockerfile containerfile docker-compose*.yml
        docker-compose*.yaml compose.yml compose.yaml compose.*.yml compose.*.yaml .gitpod.yml .gitpod.dockerfile
        vagrantfile devbox.json docker-bake.hcl devfile.yaml
    """,
    "a shell runs it on entering the folder": """
        .envrc .env.sh .autoenv .autoenv.zsh shell.nix flake.nix default.nix .bashrc .profile .zshrc
    """,
    "an installer takes its registries or commands from it": """
        .npmrc .yarnrc .yarnrc.yml .yarn/ .pnpmrc bunfig.toml pip.conf pip.ini .pypirc uv.toml .cargo/config
        .cargo/config.toml rust-toolchain rust-toolchain.toml .bundle/config nuget.config auth.json .condarc
        environment.yml .netrc artifacts.toml .bazelrc poetry.toml go.work brewfile .tool-versions
    """,
}
_TABLE = [(who, [pattern for line in lines.split() if (pattern := parse(line))]) for who, lines in _RUN_BY.items()]
_DATA = frozenset({"fixtures", "__fixtures__", "testdata", "test_data", "test-data", "__snapshots__", "snapshots"})


def check_executed(changeset: ChangeSet) -> Iterator[Finding]:
    """A mark for each file that something runs by itself, with what runs it."""
    for file in changeset.files:
        if why := _why(file):
            yield Finding(
                check="executed",
                level="mark",
                path=file.path,
                message=f"{why[:1].upper()}{why[1:]}, so a person has to read it first.",
                mark="needs-human",
            )


def _why(file: ChangedFile) -> str:
    lower = file.path.lower()
    *folders, name = lower.split("/")
    if not _DATA.isdisjoint(folders) and name != "conftest.py":
        return ""  # what tests read
    by_name = next((who for who, patterns in _TABLE if _covers(patterns, lower)), "")
    return by_name or runs_inside(file) or _filters(file)


def _covers(patterns: list[Pattern], path: str) -> bool:
    return any(pattern.covers(path) for pattern in patterns)


def _filters(file: ChangedFile) -> str:
    """`.gitattributes` that names a filter, a driver or an encoding git has to run something for."""
    if file.path.rpartition("/")[2].lower() != ".gitattributes":
        return ""
    drivers = ("filter=", "diff=", "merge=", "textconv", "working-tree-encoding", "export-subst", "ident")
    named = any(word in line.lower() for _, line in file.added for word in drivers)
    return "git runs the filters and drivers that it names" if named else ""
