"""Patients are told apart by digests that say nothing about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import Dataset

from liver_mre.studies.headers import patient_key
from liver_mre.studies.reader import read_studies
from tests.studies.files import change, chosen, copy_files, masked_files

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.studies.study import PatientKey
    from simulation.encodings.types import WrittenStudy


KEY = bytes(32)


def patient_keys(folder: Path) -> set[PatientKey]:
    return {
        i.patient_key
        for study in read_studies(folder, digest_key=KEY).studies
        for s in study.series
        for i in s.instances
    }


def test_the_patient_key_tells_patients_apart_and_says_nothing(siemens: WrittenStudy, tmp_path: Path) -> None:
    files = copy_files(masked_files(siemens), tmp_path)
    (key,) = patient_keys(tmp_path)
    assert [len(digest) for digest in (key.patient_id, key.name, key.birth_date)] == [64, 64, 64]
    change(files[0], lambda ds: setattr(ds, "PatientName", "SIMULATED^phantom^"))
    assert patient_keys(tmp_path) == {key}
    for file, keyword, value in zip(
        files, ["PatientID", "PatientName", "PatientBirthDate"], ["2", "A", "19000101"], strict=False
    ):
        change(file, lambda ds, k=keyword, v=value: setattr(ds, k, v))
    keys = patient_keys(tmp_path)
    assert len(keys) == 4
    assert sum(key.conflicts(other) for other in keys) == 1  # PatientID decides; the others still have the same


def test_a_date_of_birth_with_dots_is_the_same_date() -> None:
    header = Dataset()
    header.add_new("PatientBirthDate", "DA", "19640115")
    dotted = Dataset()
    dotted.add_new("PatientBirthDate", "LO", "1964.01.15")
    assert patient_key(dotted, KEY) == patient_key(header, KEY)


def test_an_image_that_lost_its_patient_is_not_another_patients(siemens: WrittenStudy, tmp_path: Path) -> None:
    files = copy_files(masked_files(siemens), tmp_path)
    change(files[0], lambda ds: [ds.pop(k) for k in ("PatientID", "PatientBirthDate")])
    change(files[1], lambda ds: setattr(ds, "PatientID", ""))
    assert len(chosen(read_studies(tmp_path).studies[0]).series.instances) == 4


def test_the_same_image_under_two_patients_is_not_a_copy(siemens: WrittenStudy, tmp_path: Path) -> None:
    copy_files(masked_files(siemens)[:1], tmp_path / "a")
    (other,) = copy_files(masked_files(siemens)[:1], tmp_path / "b")
    change(other, lambda ds: setattr(ds, "PatientID", "other"))
    assert len(patient_keys(tmp_path)) == 2
