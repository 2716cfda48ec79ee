"""The table at the end of a run is complete, also on a narrow terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from app.summary import percent_words, study_table
from liver_mre.measurement.measure import SliceMeasurement, StiffnessMeasurement
from liver_mre.measurement.staging import Staging
from liver_mre.quality.verdict import Cause
from liver_mre.results.finding import FailedFinding, MeasuredFinding, NotEvaluableFinding, Provenance, SeriesIdentity
from liver_mre.results.result import StudyResult
from liver_mre.workflow.outcome import OutputFile, Reason
from tests.exams import MODEL
from tests.report.content_factory import make_failed, make_quality

if TYPE_CHECKING:
    from liver_mre.quality.verdict import AcquisitionQuality
    from liver_mre.results.finding import Finding

UID = "1.2.826.0.1.3680043.8.498.46077057857905333132466442351523999051"


def printed(study: StudyResult, width: int) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(study_table(study, Path("some/where")))
    cells = (line.split("│")[2:3] for line in capture.get().splitlines() if "│" in line)
    return "".join(cell.strip() for found in cells for cell in found)


PROVENANCE = Provenance(None, MODEL)
SERIES = SeriesIdentity("1.2.7", 7, "Stiff")


def measured(mean_kpa: float, quality: AcquisitionQuality | None = None) -> StudyResult:
    entry = SliceMeasurement(0, "1.2", mean_kpa, 0.4, mean_kpa, 40.0)
    finding = MeasuredFinding(
        SERIES,
        PROVENANCE,
        StiffnessMeasurement(mean_kpa, 0.4, mean_kpa, 2.0, 4.0, 40.0, 80.0, (entry,)),
        Staging("wu_2015", "no significant fibrosis", "F0", "F1", mean_kpa >= 2.8, 2.8, (2.8,)),
        quality,
    )
    outputs = (OutputFile("sr", f"{UID}/liver-sr.dcm", "1.3"),)
    return StudyResult(UID, findings=(finding,), chosen=0, reported=(0,), outputs=outputs)


def refused(reason: Reason, quality: AcquisitionQuality | None = None, *others: Finding) -> StudyResult:
    finding = NotEvaluableFinding(SERIES, PROVENANCE, reason, quality)
    return StudyResult(UID, findings=(finding, *others), chosen=0, reported=(0,))


def test_a_failed_study_gives_its_reason_once() -> None:
    reason = Reason("missing_slices", "Slices are missing.", 4)
    study = StudyResult(UID, findings=(FailedFinding(SERIES, reason),), failure=reason)
    assert printed(study, 120).count("Slices are missing.") == 1


@pytest.mark.parametrize("width", [80, 120])
def test_the_folder_of_the_results_is_never_cut(width: int) -> None:
    assert f"some/where/{UID}" in printed(measured(3.0), width)


def test_a_mean_below_the_cutoff_is_never_printed_as_the_cutoff() -> None:
    text = printed(measured(2.797), 120)
    assert "2.79 ± 0.40 kPa" in text
    assert text.count("2.80") == 0


def test_an_exam_that_is_not_evaluable_says_why() -> None:
    assert printed(refused(Reason("no_liver", "No liver was found.")), 120) == "No liver was found."


@pytest.mark.parametrize("lost", [{}, {2: Cause.BREATHING}])
def test_the_light_and_the_causes_are_a_row(lost: dict[int, Cause]) -> None:
    text = printed(measured(3.0, make_quality(lost=lost)), 400)
    assert f"Amber, {4 - len(lost)} of 4 slices diagnostic" in text
    assert "wave snr (slice 2)" in text
    assert ("not diagnostic: slice 3: breathing or misregistration" in text) == bool(lost)
    assert ("Repeat at the end of expiration" in text) == bool(lost)


def test_a_refused_exam_says_light_and_cause_beside_the_reason() -> None:
    finding = make_failed().finding
    assert finding.reason is not None
    text = printed(refused(finding.reason, finding.quality), 400)
    assert "Red, 0 of 4 slices diagnostic; not diagnostic: slices 1, 2, 3, 4: breathing" in text
    assert text.count("Repeat at the end of expiration") == 1


def test_of_two_acquisitions_refused_for_the_same_reason_the_chosen_one_gives_the_quality() -> None:
    reason = Reason("no_magnitude", "No magnitude.")
    other = NotEvaluableFinding(SeriesIdentity("1.2.17", 17, ""), PROVENANCE, reason, make_quality(lost={}))
    study = refused(reason, make_quality(lost={0: Cause.BREATHING, 1: Cause.BREATHING}), other)
    text = printed(study, 400)
    assert "Red, 2 of 4 slices diagnostic, but none measured" in text
    assert "4 of 4" not in text
    last = printed(replace(study, chosen=1, reported=(1,)), 400)
    assert "Red, 4 of 4 slices diagnostic, but none measured" in last
    table = study_table(study, Path())
    assert "Also series 17" in list(table.columns[0].cells)


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "under 1 %"), (0.004, "under 1 %"), (0.5, "50 %"), (0.9901, "over 99 %"), (1.0, "over 99 %")],
)
def test_no_probability_is_printed_as_certain(probability: float, words: str) -> None:
    assert percent_words(probability) == words
