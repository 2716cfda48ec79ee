"""Step: choose the acquisition to report, and compare it with the patient's earlier exam."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre.about import APPLICATION, __version__
from liver_mre.measurement.change import change_since
from liver_mre.measurement.earlier_reports import most_recent_prior
from liver_mre.method.stages import Compared, Concluded, Failed, NotEvaluable, Staged
from liver_mre.results.finding import MeasuredFinding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.method.mre_study_run import MreStudyRun
    from liver_mre.method.stages import Selected
    from liver_mre.method.toolkit import Toolkit
    from liver_mre.results.finding import Finding
    from liver_mre.studies.study import ReportFiles


def choose_acquisition(run: MreStudyRun, toolkit: Toolkit) -> MreStudyRun:
    """Choose the acquisition with the largest measured area to stand for the study; report it, or all if set so.

    If none could be measured, the last one that was processed completely stands for the study.
    """
    chosen = largest([_area_cm2(item) for item in run.items])
    if chosen is None:
        chosen = max(place for place, item in enumerate(run.items) if not isinstance(item, Failed))
    others = [
        place
        for place, item in enumerate(run.items)
        if toolkit.settings.all_acquisitions and place != chosen and not isinstance(item, Failed)
    ]
    reported = (chosen, *others)
    items = tuple(
        _compared(item, run.study.reports, toolkit) if place in reported else _concluded(item)
        for place, item in enumerate(run.items)
    )
    return replace(run, items=items, chosen=chosen, reported=reported)


def largest(areas_cm2: Sequence[float | None]) -> int | None:
    """Return the index of the largest measured area of liver, None if nothing was measured.

    The more of the liver is measured, the less the mean depends on where the waves happened to reach. Of equal areas
    the last one counts: an acquisition is repeated because somebody expected a better one.

    Parameters
    ----------
    areas_cm2 : measured area of each acquisition, in order; None where nothing could be measured
    """
    measured = [(area_cm2, place) for place, area_cm2 in enumerate(areas_cm2) if area_cm2 is not None]
    return max(measured)[1] if measured else None


def why_not_reported(finding: Finding, chosen: Finding) -> str:
    """Return, as a sentence, why an acquisition is not reported."""
    if not isinstance(finding, MeasuredFinding) or not isinstance(chosen, MeasuredFinding):
        return finding.reason.message if finding.reason else ""
    return (
        f"Measured, but {chosen.series.name} shows more measurable liver: {chosen.measurement.area_cm2:.0f} cm2 "
        f"against {finding.measurement.area_cm2:.0f} cm2."
    )


def _area_cm2(item: Selected) -> float | None:
    return item.measurement.area_cm2 if isinstance(item, Staged) else None


def _concluded(item: Selected) -> Selected:
    """Drop the arrays of an acquisition that is not reported."""
    return item.to(Concluded) if isinstance(item, Staged | NotEvaluable) else item


def _compared(item: Selected, reports: ReportFiles, toolkit: Toolkit) -> Selected:
    """Compare the measurement with the patient's most recent earlier report in the input."""
    if not isinstance(item, Staged):
        return item
    prior = most_recent_prior(reports, item.acquisition.series.first)
    if prior is None:
        return item
    made_by = (f"{APPLICATION} {__version__}", item.mask.model.title)
    threshold = toolkit.settings.repeatability_percent
    change = change_since(prior, item.measurement.mean_kpa, made_by, threshold_percent=threshold)
    return item.to(Compared, change=change)
