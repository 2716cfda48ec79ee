"""The summary that a run prints at its end: a short table per study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from app.console import make_console, stacked
from liver_mre.report.rounding import cutoffs_kpa, rounded_kpa
from liver_mre.report.wording import (
    INTENDED_USE,
    change_sentence,
    crossing_words,
    doubt_words,
    excluded_words,
    interval_words,
    quality_words,
)
from liver_mre.results.finding import FailedFinding, MeasuredFinding
from liver_mre.workflow.outcome import StudyStatus

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.measurement.measure import StiffnessMeasurement
    from liver_mre.measurement.staging import Staging
    from liver_mre.results.finding import Finding
    from liver_mre.results.result import RunResult, StudyResult

LEAST_PERCENT = 1


def print_summary(result: RunResult, out: Path) -> None:
    """Print a table per study on stdout, then the path of `result.json`."""
    console = make_console()
    for study in result.studies:
        console.print(study_table(study, out))
    for warning in result.warnings:
        console.print(f"Warning: {warning}")
    console.print(f"{out / 'result.json'}   ({result.timings_s.get('total', 0.0):.1f} s)", soft_wrap=True)
    console.print(INTENDED_USE)


def study_table(study: StudyResult, out: Path) -> Table:
    """Return the table of one study: the numbers, or why there are none."""
    table = Table(show_header=False, title=f"Study {study.study_instance_uid}", title_justify="left")
    table.add_column()
    table.add_column(overflow="fold")  # paths must not be cut off
    for name, value in [*_rows(study), *_quality_rows(study), *_acquisition_rows(study)]:
        table.add_row(name, value)
    if study.outputs:
        names = ", ".join(output.path.split("/", 1)[-1] for output in study.outputs)
        table.add_row("Results", stacked([str(out / study.study_instance_uid), names]))
    return table


def _rows(study: StudyResult) -> list[tuple[str, str]]:
    finding = study.measured
    if finding is None:
        words = {StudyStatus.NOT_EVALUABLE: "Not evaluable", StudyStatus.SKIPPED: "Skipped"}
        return [(words.get(study.status, "Failed"), study.reason.message if study.reason else "")]
    measurement, staging = finding.measurement, finding.staging
    mean_kpa = rounded_kpa(measurement.mean_kpa, cutoffs_kpa(staging), decimals=2)
    share = 100.0 * measurement.measurable_share
    slices = "1 slice" if len(measurement.slices) == 1 else f"{len(measurement.slices)} slices"
    significant = "yes" if staging.significant_fibrosis else "no"
    rows = [
        ("Liver stiffness", f"{mean_kpa:.2f} ± {measurement.sd_kpa:.2f} kPa (mean ± SD)"),
        *_interval_rows(measurement, staging),
        ("Measured area", f"{measurement.area_cm2:.1f} cm² in {slices}, {share:.0f} % of the liver"),
        (f"Stage ({staging.profile})", f"{staging.category} ({_metavir(staging.metavir_min, staging.metavir_max)})"),
        (f"Significant fibrosis (≥F2, ≥{staging.significant_cutoff_kpa} kPa)", significant),
    ]
    return [*rows, ("Change", change_sentence(finding.change))] if finding.change else rows


def _interval_rows(measurement: StiffnessMeasurement, staging: Staging) -> list[tuple[str, str]]:
    """Return the interval, the cut-offs that it crosses, and the probability of significant fibrosis."""
    if measurement.interval is None or staging.significant_probability is None:
        return []
    words = [interval_words(measurement, staging, decimals=2), crossing_words(staging)]
    chance = f"≥F2 with {percent_words(staging.significant_probability)} probability"
    return [("95 % interval", "; ".join(filter(None, [*words, chance])))]


def percent_words(probability: float) -> str:
    """Return a probability in whole per cent, at the ends as "under 1 %" and "over 99 %": nothing is certain."""
    percent = 100.0 * probability
    if percent < LEAST_PERCENT:
        return f"under {LEAST_PERCENT} %"
    if percent > 100 - LEAST_PERCENT:
        return f"over {100 - LEAST_PERCENT} %"
    return f"{percent:.0f} %"


def _quality_rows(study: StudyResult) -> list[tuple[str, str]]:
    """Return verdict, number of diagnostic slices, why others are not, and what to do; nothing if not judged."""
    finding = study.finding
    if finding is None or isinstance(finding, FailedFinding) or finding.quality is None:
        return []
    quality, lost = finding.quality, excluded_words(finding.quality)
    words = [quality_words(finding).capitalize(), f"not diagnostic: {lost}" if lost else "", doubt_words(quality)]
    # If the exam is not evaluable, its reason includes the hint.
    return [("Quality", "; ".join(filter(None, [*words, quality.hint if study.measured else ""])))]


def _acquisition_rows(study: StudyResult) -> list[tuple[str, str]]:
    """Return a row per acquisition other than the chosen one, and the notes on the chosen one."""
    rows = []
    for place, finding in enumerate(study.findings):
        if study.failure is not None and finding.reason == study.failure:
            continue  # it is the row "Failed"
        if place != study.chosen:
            rows.append((f"Also {finding.series.name}", _in_short(finding, reported=place in study.reported)))
        elif not isinstance(finding, FailedFinding):
            rows += [("Note", note) for note in finding.provenance.notes]
    return rows


def _in_short(finding: Finding, *, reported: bool) -> str:
    if not isinstance(finding, MeasuredFinding):
        return finding.reason.message
    measurement, staging = finding.measurement, finding.staging
    mean_kpa = rounded_kpa(measurement.mean_kpa, cutoffs_kpa(staging), decimals=2)
    written = "reported beside it" if reported else "not reported"
    return f"{mean_kpa:.2f} kPa over {measurement.area_cm2:.1f} cm², {staging.category} ({written})"


def _metavir(low: str, high: str) -> str:
    return f"METAVIR {low}" if low == high else f"METAVIR {low}-{high}"
