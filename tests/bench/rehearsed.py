"""What it costs to ask a pass what it reaches, on published projects: their true commands, in the sandbox.

The rehearsals' changes without their tests, so that nothing proves them and the run with the change broken is needed.
Projects whose own tests prove the change, or whose tools are not on this machine, have no row.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.bench.measure import Row, Scale
from tests.rehearsal import cases, projects, routes, verdict

TITLE = "Reach on rehearsed projects (the run with the change broken, of all of the verification's time at head)"
CACHE = Path(".rehearse")


def rows(place: Path, scale: Scale) -> list[Row]:
    known = [cases.load(name) for name in scale.rehearsed]
    return [_row(place / case.name, case) for case in known if not case.missing]


def _row(folder: Path, case: cases.Case) -> Row:
    folder.mkdir()
    tree = folder / "project"
    base = projects.repository(case, CACHE, tree)
    outcome = routes.Outcome(
        case=replace(case, edits=case.code_edits),
        route="run",
        git_dir=tree,
        base=base,
        refs_before=verdict.refs(tree),
        home=folder / "home",
    )
    routes.local(outcome, folder)
    what = f"{case.project} {case.version} ({case.layout})"
    found = outcome.state.verification if outcome.run_id else None
    if found is None or found.claims is None:
        return Row(what=what, ours="", note=outcome.failure[:200] or outcome.state.reason[:200], broken=True)
    ran = [told.said for told in outcome.state.commands if told.said.at != "base"]
    reach = sum(said.seconds for said in ran if said.purpose == "reach")
    rest = sum(said.seconds for said in ran if said.purpose in ("verify", "proof"))
    endings = ", ".join(dict.fromkeys(told.ending for told in found.claims.reach))
    return Row(
        what=what, ours=f"{reach:.2f} s", floor=f"{rest:.2f} s", ratio=reach / (reach + rest), note=endings or "not run"
    )
