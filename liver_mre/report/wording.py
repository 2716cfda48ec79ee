"""Words for findings, shared by report, picture, secondary capture and summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.measurement.change import REPEATABILITY_SOURCE
from liver_mre.measurement.measure import measure_contour
from liver_mre.quality.verdict import OUT_OF_DOMAIN_WORDS
from liver_mre.report.codes import plain
from liver_mre.report.rounding import cutoffs_kpa, rounded_kpa
from liver_mre.results.finding import MeasuredFinding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from liver_mre.measurement.change import Change
    from liver_mre.measurement.measure import StiffnessMeasurement
    from liver_mre.measurement.staging import Staging
    from liver_mre.quality.verdict import AcquisitionQuality, Check
    from liver_mre.report.content import ReportContent
    from liver_mre.results.finding import Reportable

RESEARCH_USE_ONLY: Final = "Research use only"
INTENDED_USE: Final = f"AI-generated. {RESEARCH_USE_ONLY} - not for clinical use."
SIMULATED: Final = "Simulated images, no patient."
SIMULATION_MARKER: Final = f"SIMULATED DATA, no patient. {RESEARCH_USE_ONLY}."
"""ImageComments of every image written by the project's simulation."""


def is_simulated(content: ReportContent) -> bool:
    """Tell whether the source images are simulated.

    They are marked by SyntheticData (0008,001C) or by the exact comment of this project's simulation. Other words prove
    nothing: "MR Simulation" is a common series name in radiotherapy planning. Results say it in words only, because
    validators of 2022 report SyntheticData, which is younger, as an error.
    """
    return content.source.synthetic or content.source.image_comments == SIMULATION_MARKER


def disclosure(content: ReportContent) -> str:
    """Return the intended use and, if so, that the images are simulated."""
    return f"{INTENDED_USE} {SIMULATED}" if is_simulated(content) else INTENDED_USE


def unit_remark(content: ReportContent) -> str:
    """Return the unit if the user set it; "" if it comes from the images."""
    unit = content.finding.provenance.unit
    return f"Unit set by the user: {unit.kpa_per_count:g} kPa a count." if unit and unit.source == "override" else ""


def notes_sentence(content: ReportContent) -> str:
    """Return the notes on series and pixels as ASCII sentences; "" without notes."""
    return " ".join(plain(note) if note.endswith(".") else f"{plain(note)}." for note in content.notes)


def contour_sentence(content: ReportContent) -> str:
    """Describe the contour drawn at the scanner, with its stiffness if the exam is measured; "" without one."""
    if content.volume.scanner_contour is None:
        return ""
    drawn = "A liver contour drawn at the scanner is in overlay group 60xx of the source images"
    measured = measure_contour(content.volume)
    if measured is None:
        return f"{drawn}; it holds no pixel of sufficient confidence."
    if content.measured is None:
        return f"{drawn}."
    return f"{drawn}; mean stiffness in it {measured.mean_kpa:.2f} kPa over {measured.area_cm2:.1f} cm2."


def crossing_words(staging: Staging | None) -> str:
    """Return which cut-offs the 95 % interval crosses: "crosses the 2.8 cut-off"; "" if none."""
    if staging is None or not staging.crossed_kpa:
        return ""
    values = list(dict.fromkeys(f"{one:g}" for one in (round(value, 3) for value in staging.crossed_kpa)))
    listed = values[0] if len(values) == 1 else f"{', '.join(values[:-1])} and {values[-1]}"
    return f"crosses the {listed} cut-off{'' if len(values) == 1 else 's'}"


def interval_words(measured: StiffnessMeasurement, staging: Staging | None, *, decimals: int = 1) -> str:
    """Return mean and interval: "2.9 kPa (2.6-3.2)"; without an interval the mean alone."""
    cutoffs = cutoffs_kpa(staging)
    mean = f"{rounded_kpa(measured.mean_kpa, cutoffs, decimals=decimals):.{decimals}f} kPa"
    ends = range_words(measured, staging, decimals=decimals)
    return f"{mean} ({ends})" if ends else mean


def range_words(measured: StiffnessMeasurement, staging: Staging | None, *, decimals: int) -> str:
    """Return the interval, "2.6-3.2", rounded without crossing a cut-off; "" without an interval."""
    if measured.interval is None:
        return ""
    cutoffs, ends = cutoffs_kpa(staging), (measured.interval.low_kpa, measured.interval.high_kpa)
    return "-".join(f"{rounded_kpa(end, cutoffs, decimals=decimals):.{decimals}f}" for end in ends)


def change_words(change: Change | None) -> str:
    """Return the change: "since 2024-03-01: +0.40 kPa (+12 %)"; "" without an earlier exam."""
    if change is None:
        return ""
    date = change.prior.study_date
    day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return f"since {day}: {change.kpa:+.2f} kPa ({change.percent:+.0f} %)"


def change_sentence(change: Change | None) -> str:
    """Return the change as sentences, with the repeatability coefficient and its source; "" without an earlier exam."""
    if change is None:
        return ""
    verdict = "exceeds" if change.exceeds else "does not exceed"
    sentence = (
        f"Change {change_words(change)} from {change.prior.stiffness_kpa:.2f} kPa; it {verdict} the repeatability "
        f"threshold of {change.threshold_percent:g} % ({REPEATABILITY_SOURCE})."
    )
    if change.same_versions:
        return sentence
    return f"{sentence} The earlier exam was measured with other versions ({', '.join(change.prior.made_by)})."


def diagnostic_words(quality: AcquisitionQuality, *, measured: bool) -> str:
    """Return "3 of 4 slices diagnostic", with "but none measured" where that is so."""
    words = f"{len(quality.diagnostic)} of {len(quality.slices)} slices diagnostic"
    return f"{words}, but none measured" if quality.diagnostic and not measured else words


def quality_words(finding: Reportable) -> str:
    """Return the verdict: "amber, 3 of 4 slices diagnostic"; "" without quality control."""
    if finding.quality is None:
        return ""
    return f"{finding.verdict}, {diagnostic_words(finding.quality, measured=isinstance(finding, MeasuredFinding))}"


def excluded_words(quality: AcquisitionQuality) -> str:
    """Return excluded slices and causes: "slices 1, 3: no waves; slice 2: breathing"; "" without any."""
    if quality.out_of_domain:
        return f"all slices: {OUT_OF_DOMAIN_WORDS} (unusual: {', '.join(quality.out_of_domain)})"
    slices: dict[str, list[int]] = {}
    for index, cause in quality.excluded.items():
        slices.setdefault(cause, []).append(index + 1)
    return "; ".join(f"{_slice_words(numbers)}: {cause}" for cause, numbers in slices.items())


def doubt_words(quality: AcquisitionQuality) -> str:
    """Return failed checks and divided votes of diagnostic slices, and failed checks of the exam; "" without any."""
    slices: dict[str, list[int]] = {}
    for one in quality.slices:
        if one.diagnostic:
            for doubt in [*_failed(one.checks), *(["divided votes"] if one.divided else [])]:
                slices.setdefault(doubt, []).append(one.slice_index + 1)
    of_slices = (f"{doubt} ({_slice_words(numbers)})" for doubt, numbers in slices.items())
    return "; ".join([*_failed(quality.checks), *of_slices])


def quality_sentence(finding: Reportable) -> str:
    """Return verdict, excluded slices, doubts and a hint as sentences; "" without quality control."""
    quality = finding.quality
    if quality is None:
        return ""
    parts = [f"Quality control ({quality.judged_by}): {quality_words(finding)}."]
    if words := excluded_words(quality):
        parts.append(f"Not diagnostic: {words}.")
    if words := doubt_words(quality):
        parts.append(f"Unusual: {words}.")
    return " ".join([*parts, quality.hint]).strip()


def _failed(checks: Iterable[Check]) -> list[str]:
    return [check.name.replace("_", " ") for check in checks if check.passed is False]


def _slice_words(numbers: list[int]) -> str:
    return f"slice{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"


def remarks(content: ReportContent) -> str:
    """Return the sentences for every result: intended use, simulation, unit set by the user."""
    return " ".join(filter(None, (disclosure(content), unit_remark(content))))
