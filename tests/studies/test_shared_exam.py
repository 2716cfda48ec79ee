"""Studies of one input that are parts of one exam know of each other, and their reasons say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydicom.uid import generate_uid

from liver_mre.api import check_folder
from liver_mre.series.plan import plan_series
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.studies.reader import read_studies
from liver_mre.studies.shared_exam import with_shared_exams
from liver_mre.studies.study import PatientKey
from tests.series import study_factory as made
from tests.studies.files import change, copy_files

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.studies.study import Study
    from simulation.encodings.types import WrittenStudy


def study(uid: str, *, patient: str = "a", frame: str = "1.9", day: int | None = 7) -> Study:
    image = replace(made.MASKED, patient_key=PatientKey(patient), frame_of_reference_uid=frame, acquired_day=day)
    return replace(made.study(made.series(image, 7)), study_instance_uid=uid)


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (study("2"), 1),
        (study("2", day=None), 1),
        (study("2", patient="b"), 0),
        (study("2", frame="1.8"), 0),
        (study("2", day=8), 0),
        (study("2", frame=""), 0),
        (study("2", patient=""), 0),
    ],
)
def test_patient_frame_of_reference_and_day_make_one_exam(other: Study, shared: int) -> None:
    assert [one.shares_exam_with for one in with_shared_exams([study("1"), other])] == [shared, shared]


def test_an_exam_with_a_study_for_each_series_says_so_instead_of_unrelated_reasons(
    siemens: WrittenStudy, tmp_path: Path
) -> None:
    for series in siemens.series:
        uid = generate_uid()
        for file in copy_files(series.files, tmp_path):
            change(file, lambda ds, uid=uid: setattr(ds, "StudyInstanceUID", uid))
    assert {one.shares_exam_with for one in read_studies(tmp_path).studies} == {len(siemens.series) - 1}
    result = check_folder(tmp_path)
    reasons = [one.reason for one in result.studies if one.reason] + [
        acquisition.reason for one in result.studies for acquisition in one.acquisitions if acquisition.reason
    ]
    assert len(reasons) == len(siemens.series)
    hint = f"{len(siemens.series)} studies of the input share PatientID and FrameOfReferenceUID"
    assert [one.message for one in reasons if hint not in one.message] == []


def test_an_exam_in_one_study_has_no_such_hint(siemens: WrittenStudy) -> None:
    (one,) = read_studies(siemens.folder).studies
    assert one.shares_exam_with == 0
    plan = plan_series(replace(one, series=one.series[:3]), load_scanner_rules())
    with pytest.raises(Exception, match=r"^This study holds MR elastography"):
        plan.select()
