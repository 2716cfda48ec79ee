"""A study's plan as tests ask for it: what is selected, what is rejected, what is said of every series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liver_mre.series.plan import plan_series

if TYPE_CHECKING:
    from liver_mre.series.acquisition import Acquisition, RejectedAcquisition
    from liver_mre.series.decisions import SeriesDecision
    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.studies.study import Study


@dataclass(frozen=True)
class Selected:
    """What of a study is measured."""

    acquisitions: tuple[Acquisition, ...]
    rejected: tuple[RejectedAcquisition, ...]
    decisions: tuple[SeriesDecision, ...]


def select(
    study: Study, rules: ScannerRules, *, series_uid: str | None = None, kpa_per_count: float | None = None
) -> Selected:
    """Plan a study and select its acquisitions; raises what `SeriesPlan.select` raises."""
    plan = plan_series(study, rules, series_uid=series_uid, kpa_per_count=kpa_per_count)
    found = plan.select()
    return Selected(tuple(one.acquisition for one in found), plan.rejected, plan.decisions())


def list_series(
    study: Study, rules: ScannerRules, *, series_uid: str | None = None, kpa_per_count: float | None = None
) -> tuple[SeriesDecision, ...]:
    """Plan a study and say what every series is."""
    return plan_series(study, rules, series_uid=series_uid, kpa_per_count=kpa_per_count).listing()
