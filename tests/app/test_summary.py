"""The table at the end of a run says everything, also on a narrow terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from app.summary import percent_words, study_table
from liver_mre.core.quality.types import Cause
from liver_mre.core.result import (
    AcquisitionResult,
    ExamMeasurement,
    OutputFile,
    Reason,
    SliceMeasurement,
    Staging,
    StudyResult,
    StudyStatus,
)
from tests.report.content_factory import make_failed, make_quality

UID = "1.2.826.0.1.3680043.8.498.46077057857905333132466442351523999051"


def printed(study: StudyResult, width: int) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(study_table(study, Path("some/where")))
    cells = (line.split("│")[2:3] for line in capture.get().splitlines() if "│" in line)
    return "".join(cell.strip() for found in cells for cell in found)


def measured(mean_kpa: float) -> StudyResult:
    entry = SliceMeasurement(0, "1.2", mean_kpa, 0.4, mean_kpa, 40.0)
    return StudyResult(
        UID,
        StudyStatus.MEASURED,
        measurement=ExamMeasurement(mean_kpa, 0.4, mean_kpa, 2.0, 4.0, 40.0, 80.0, (entry,)),
        staging=Staging("wu_2015", "no significant fibrosis", "F0", "F1", mean_kpa >= 2.8, 2.8, (2.8,)),
        outputs=(OutputFile("sr", f"{UID}/liver-sr.dcm", "1.3"),),
    )


@pytest.mark.parametrize("width", [80, 120])
def test_the_folder_of_the_results_is_never_cut(width: int) -> None:
    assert f"some/where/{UID}" in printed(measured(3.0), width)


def test_a_mean_below_the_cutoff_is_never_printed_as_the_cutoff() -> None:
    text = printed(measured(2.797), 120)
    assert "2.79 ± 0.40 kPa" in text
    assert text.count("2.80") == 0


def test_an_exam_that_is_not_evaluable_says_why() -> None:
    study = StudyResult(UID, StudyStatus.NOT_EVALUABLE, Reason("no_liver", "No liver was found."))
    assert printed(study, 120) == "No liver was found."


@pytest.mark.parametrize("lost", [{}, {2: Cause.BREATHING}])
def test_the_light_and_the_causes_are_a_row(lost: dict[int, Cause]) -> None:
    study = measured(3.0)
    quality = make_quality(lost=lost)
    one = AcquisitionResult("1.2", 7, "", study.status, reported=True, measurement=study.measurement, quality=quality)
    text = printed(replace(study, acquisitions=(one,)), 400)
    assert f"Amber, {4 - len(lost)} of 4 slices diagnostic" in text
    assert "wave snr (slice 2)" in text
    assert ("not diagnostic: slice 3: breathing or misregistration" in text) == bool(lost)
    assert ("Repeat at the end of expiration" in text) == bool(lost)


def test_a_refused_exam_says_light_and_cause_beside_the_reason() -> None:
    content = make_failed()
    one = AcquisitionResult(
        "1.2", 7, "", StudyStatus.NOT_EVALUABLE, reported=True, reason=content.reason, quality=content.quality
    )
    text = printed(StudyResult(UID, StudyStatus.NOT_EVALUABLE, content.reason, acquisitions=(one,)), 400)
    assert "Red, 0 of 4 slices diagnostic; not diagnostic: slices 1, 2, 3, 4: breathing" in text
    assert text.count("Repeat at the end of expiration") == 1


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "under 1 %"), (0.004, "under 1 %"), (0.5, "50 %"), (0.9901, "over 99 %"), (1.0, "over 99 %")],
)
def test_no_probability_is_printed_as_certain(probability: float, words: str) -> None:
    assert percent_words(probability) == words
