"""Two simulated exams share no UID unless they are one exam."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import dcmread

from simulation.encodings import ENCODINGS
from simulation.exams.simulate import recipe_of, simulate_exam
from simulation.planning.variety import WIDE
from tests.simulation.exam_factory import make_exam

if TYPE_CHECKING:
    from pathlib import Path

    from simulation.types import SimulatedExam

SEED = 3
ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"failure": "no waves"},
    {"variety": WIDE},
    {"stage": "F4"},
    {"liver_stiffness_kpa": 5.5},
    {"out_of_domain": "mirrored"},
)


def uids(exam: SimulatedExam, folder: Path, **options: Any) -> set[str]:
    """Return every UID that belongs to one study alone."""
    written = ENCODINGS["siemens-gre"](exam, folder, **options)
    headers = [dcmread(file, stop_before_pixels=True) for series in written.series for file in series.files]
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
    return {str(header[keyword].value) for header in headers for keyword in keywords}


@pytest.fixture(scope="module")
def exams() -> list[SimulatedExam]:
    return [simulate_exam(SEED, slices=1, **asked) for asked in ASKED]


def test_good_and_failed_exams_of_one_seed_share_no_uid(exams: list[SimulatedExam], tmp_path: Path) -> None:
    found = [uids(exam, tmp_path / str(number)) for number, exam in enumerate(exams)]
    for one, other in combinations(found, 2):
        assert not one & other


def test_those_exams_do_differ(exams: list[SimulatedExam]) -> None:
    for one, other in combinations(exams, 2):
        assert not np.array_equal(one.stiffness_kpa, other.stiffness_kpa)


def test_the_same_exam_has_the_same_uids(exams: list[SimulatedExam], tmp_path: Path) -> None:
    again = simulate_exam(SEED, slices=1, failure="no waves")
    assert uids(again, tmp_path / "again") == uids(exams[1], tmp_path / "first")


@pytest.mark.parametrize("option", [{"patient_id": "SIM-0002"}, {"modifiers": ["anonymised"]}])
def test_another_patient_and_a_changed_study_share_no_uid(option: dict[str, Any], tmp_path: Path) -> None:
    exam = make_exam()
    assert not uids(exam, tmp_path / "one") & uids(exam, tmp_path / "other", **option)


def test_every_encoding_takes_what_was_asked_for_into_its_uids(tmp_path: Path) -> None:
    good, failed = make_exam(slices=1), replace(make_exam(slices=1), recipe=recipe_of(failure="no waves"))
    for name, write in ENCODINGS.items():
        studies = [write(exam, tmp_path / name / exam.recipe[:7]) for exam in (good, failed)]
        assert studies[0].study_instance_uid != studies[1].study_instance_uid


def test_the_defaults_are_no_recipe() -> None:
    assert recipe_of(stage=None, failure=None) == ""
    assert recipe_of(failure="") != recipe_of(failure="no waves") != recipe_of(stage="F4")
    assert recipe_of(variety=WIDE) != recipe_of(variety=replace(WIDE, breath_hold_mm=1.0))
