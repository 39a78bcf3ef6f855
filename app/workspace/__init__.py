"""The harness's own repository of a project, and what goes into and comes out of a sandbox's tree.

The way of a run, with the calls in order:

    mirror = Mirror(home / "mirrors" / f"{repository_id}.git")
    sha = mirror.fetch(url, "main" | "refs/heads/main" | "HEAD" | sha, token)       # UserError, TransientError
    made = checkout(mirror, sha, tree)                  # Checkout(sha, files, size_bytes, submodules, …, notes)
    throwaway(mirror, made, tree, history_inside=host.history_path(mirror.path), branch="main")
    sandbox = host.open(run_id, tree, …, history=mirror.path)
    before = sandbox.manifest()                         # the clean tree, before setup: path → FileEntry
    rules = base_ignore(mirror, sha)                    # Ignore: the base commit's .gitignore files and known artefacts
    …the model works…
    found = changes(before, sandbox.manifest(), rules)  # list[Change(path, kind, mode, digest, size)]; give
                                                        # after_setup=manifest to leave out what setup itself wrote
    new = collect(sandbox, found)                       # {path: bytes}, each held against its digest
    old = read_files(mirror, sha, [c.path for c in found])   # {path: bytes}, the base's side
    left_out(before, sandbox.manifest(), rules)         # new files that .gitignore or the artefact list keeps out

    snapshot = take_snapshot(sandbox, before, store, previous=snapshot)    # data of `snapshot.taken`
    restore_snapshot(sandbox, before, snapshot, store, read_base=…)        # after a checkout or a reset

    guides(mirror, sha, about)                          # Guides: AGENTS.md and CLAUDE.md that concern a text
    root_map(base_manifest(mirror, sha))                # text: what stands at the root
    pull_request_template(mirror, sha), codeowners(mirror, sha)      # text or None

No git command ever runs in a tree that a sandbox could write: after `throwaway`, what comes back is a manifest.
Paths are text with "/"; bytes that are not UTF-8 are kept as surrogates (`os.fsdecode`).
"""

from __future__ import annotations

from app.workspace.changes import Change, changes, collect, lay, left_out, take_back, unseen_names
from app.workspace.checkout import Checkout, checkout, throwaway
from app.workspace.guidance import Guides, base_ignore, codeowners, fork_point, guides, pull_request_template
from app.workspace.ignore import Ignore
from app.workspace.mirror import Mirror
from app.workspace.root_map import printable, root_map
from app.workspace.snapshots import change_in_snapshot, restore_snapshot, snapshot_blobs, take_snapshot
from app.workspace.tree import TreeEntry, base_manifest, read_file, read_files

__all__ = [
    "Change",
    "Checkout",
    "Guides",
    "Ignore",
    "Mirror",
    "TreeEntry",
    "base_ignore",
    "base_manifest",
    "change_in_snapshot",
    "changes",
    "checkout",
    "codeowners",
    "collect",
    "fork_point",
    "guides",
    "lay",
    "left_out",
    "printable",
    "pull_request_template",
    "read_file",
    "read_files",
    "restore_snapshot",
    "root_map",
    "snapshot_blobs",
    "take_back",
    "take_snapshot",
    "throwaway",
    "unseen_names",
]
