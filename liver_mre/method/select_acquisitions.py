"""Steps: plan the study's series, then select the acquisitions to measure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.method.stages import Selected
from liver_mre.series.plan import plan_series

if TYPE_CHECKING:
    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.method.toolkit import Toolkit


def plan_study(run: MreStudyRun, toolkit: Toolkit) -> MreStudyRun:
    """Give every series its role and group the series into acquisitions."""
    settings = toolkit.settings
    plan = plan_series(run.study, toolkit.rules, series_uid=settings.series, kpa_per_count=settings.kpa_per_count)
    return replace(run, plan=plan)


def select_acquisitions(run: MreStudyRun, toolkit: Toolkit) -> MreStudyRun:
    """Select the acquisitions whose headers allow a measurement; raises what `SeriesPlan.select` raises."""
    if run.plan is None:
        return select_acquisitions(plan_study(run, toolkit), toolkit)
    selected = run.plan.select()
    items = tuple(Selected(number, one.candidate, one.acquisition) for number, one in enumerate(selected, start=1))
    return replace(run, items=items)
