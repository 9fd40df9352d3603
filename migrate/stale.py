"""Whether a plan still stands on what the project is, and what changed when it does not. Pure but for its values."""

from __future__ import annotations

from migrate.config import Project, routes
from migrate.ground import changed, settings_of, settings_of_lane, spoken
from migrate.planfile import PlanFile


def stale(project: Project, plan: PlanFile) -> list[str]:
    """One reason for each thing that changed; empty when the plan may be applied.

    Rows added to the accounts file, waves renumbered and settings of systems that the plan does not touch are none.
    """
    lanes = {lane.key: lane for lane in routes(project)}
    now, reasons, names = settings_of(project), [], set[str]()
    for section in plan.sections:
        lane = lanes.get(section.lane)
        if lane is None:
            reasons.append(f"{section.lane} is not in the accounts file")
            continue
        here = settings_of_lane(lane, now)
        if here.pop("route") != section.route:
            reasons.append(f"{section.lane} goes to another account")
        before = {key: value for key, value in plan.header.settings.items() if key in here}
        names.update(changed(before, here))
    if names:
        reasons.insert(0, f"changed in migration.toml: {spoken(sorted(names))}")
    return reasons
