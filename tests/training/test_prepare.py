"""Claims about a site's own data: what scanners and readers write becomes exams, and what is wrong is said."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import highdicom
import nibabel
import numpy as np
import pydicom
import pytest
from highdicom.seg import Segmentation, SegmentDescription
from pydicom.sr.codedict import codes

from liver_mre.studies.headers import DIGEST_KEY_BYTES
from simulation.encodings import ENCODINGS
from simulation.exams.simulate import simulate_exam
from training.cohort.exams import load_simulated_exam, read_exams, split_of_exam
from training.cohort.leakage import duplicates, refuse_leakage
from training.cohort.prepare import KEY_NAME, balance, prepare, read_stages
from training.cohort.store import save_exam
from training.errors import CohortError

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.encodings.types import WrittenStudy
    from simulation.types import SimulatedExam

ROOT = Path(__file__).parents[2]
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def simulated() -> SimulatedExam:
    return simulate_exam(11, slices=2)


@pytest.fixture
def study(simulated: SimulatedExam, tmp_path: Path) -> WrittenStudy:
    return ENCODINGS["siemens-gre"](simulated, tmp_path / "data/one")


def _stiffness(study: WrittenStudy) -> list[pydicom.Dataset]:
    """Return the unmasked stiffness images, in the order of the exam's slices."""
    series = next(item for item in study.series if item.description.endswith(("Stiff", "Stiffness", "StiffC95")))
    images = [pydicom.dcmread(file) for file in series.files]
    by_z = {round(float(image.ImagePositionPatient[2]), 2): image for image in images}
    return [by_z[round(z, 2)] for z in study.slice_z_mm]


def _write_seg(study: WrittenStudy, liver: np.ndarray, path: Path, labels: tuple[str, ...] = ("Liver",)) -> None:
    segments = [
        SegmentDescription(
            number, label, codes.SCT.Organ, codes.SCT.Liver if label == "Liver" else codes.SCT.Spleen, "MANUAL"
        )
        for number, label in enumerate(labels, start=1)
    ]
    pixels = np.stack([liver, *[np.zeros_like(liver)] * (len(labels) - 1)], axis=-1).astype(np.uint8)
    Segmentation(
        source_images=_stiffness(study),
        pixel_array=pixels,
        segmentation_type="BINARY",
        segment_descriptions=segments,
        series_instance_uid=highdicom.UID(),
        series_number=90,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
    ).save_as(path)


def _write_nifti(study: WrittenStudy, liver: np.ndarray, path: Path) -> None:
    """Write the mask with axes of its own: column, row reversed, slice."""
    images = _stiffness(study)
    row_mm, column_mm = (float(value) for value in images[0].PixelSpacing)
    first = np.array(images[-1].ImagePositionPatient, dtype=float)
    step = (np.array(images[0].ImagePositionPatient, dtype=float) - first) / (len(images) - 1)
    rows = liver.shape[1]
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (column_mm, 0, 0), (0, -row_mm, 0), step
    affine[:3, 3] = first + np.array([0, (rows - 1) * row_mm, 0])
    values = liver[::-1].transpose(2, 1, 0)[:, ::-1]
    path.parent.mkdir(exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values.astype(np.uint8), LPS_TO_RAS @ affine), path)


def _prepared(tmp_path: Path, **options: object) -> dict[str, object]:
    return prepare(tmp_path / "data", tmp_path / "own", **options)


def _by_z(liver: np.ndarray) -> np.ndarray:
    """Return slices in the loader's order, along the normal: the simulator's first slice is the uppermost."""
    return liver[::-1]


@pytest.mark.parametrize(
    ("encoding", "masked"), [("siemens-masked-only", True), ("siemens-gre", False), ("philips", False)]
)
def test_a_study_with_a_seg_becomes_an_exam_with_that_liver(
    simulated: SimulatedExam, tmp_path: Path, encoding: str, *, masked: bool
) -> None:
    study = ENCODINGS[encoding](simulated, tmp_path / "data/one")
    _write_seg(study, simulated.truth.liver, tmp_path / "data/one/mask.dcm")
    report = _prepared(tmp_path)
    (exam,) = read_exams((tmp_path / "own",))
    np.testing.assert_array_equal(exam.liver, _by_z(simulated.truth.liver))
    shown = exam.confident_pixels if masked else exam.stiffness > 0
    assert shown.sum() > 1000
    np.testing.assert_allclose(exam.stiffness_kpa[shown], _by_z(simulated.stiffness_kpa)[shown], atol=0.0101)
    assert exam.magnitude is not None
    assert exam.magnitude.shape == exam.liver.shape
    assert (exam.origin, exam.masked, exam.stage) == ("own", masked, "")
    assert report["problems"] == {}
    assert sum(part["exams"] for part in report["splits"].values()) == 1


def test_a_study_and_its_seg_in_an_archive_become_an_exam(
    study: WrittenStudy, simulated: SimulatedExam, tmp_path: Path
) -> None:
    _write_seg(study, simulated.truth.liver, tmp_path / "data/one/mask.dcm")
    shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path / "data")
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "data").mkdir()
    (tmp_path / "sent.zip").rename(tmp_path / "data/sent.zip")
    assert _prepared(tmp_path)["problems"] == {}
    (exam,) = read_exams((tmp_path / "own",))
    np.testing.assert_array_equal(exam.liver, _by_z(simulated.truth.liver))


def test_nothing_that_is_written_names_the_patient(
    study: WrittenStudy, simulated: SimulatedExam, tmp_path: Path
) -> None:
    _write_seg(study, simulated.truth.liver, tmp_path / "data/one/mask.dcm")
    _prepared(tmp_path)
    header = _stiffness(study)[0]
    (file,) = (tmp_path / "own").glob("own-*.npz")
    with np.load(file) as archive:
        texts = " ".join(str(archive[name]) for name in archive.files if archive[name].dtype.kind == "U") + file.name
    texts += (tmp_path / "own/report.json").read_text(encoding="utf-8")
    assert str(header.PatientID) not in texts
    assert str(header.PatientName) not in texts


def test_a_patient_keeps_pseudonym_and_split_as_long_as_the_key_is_kept(
    study: WrittenStudy, simulated: SimulatedExam, tmp_path: Path
) -> None:
    _write_seg(study, simulated.truth.liver, tmp_path / "data/one/mask.dcm")
    own = tmp_path / "own"

    def prepared() -> tuple[str, str]:
        command = (sys.executable, "-m", "training", "prepare", "--data", str(tmp_path / "data"), "--out", str(own))
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        (exam,) = read_exams((own,))
        return exam.patient, split_of_exam(exam)

    first = prepared()
    key = (own / KEY_NAME).read_bytes()
    assert (len(key), (own / KEY_NAME).stat().st_mode & 0o777) == (DIGEST_KEY_BYTES, 0o600)
    assert prepared() == first
    (own / KEY_NAME).unlink()
    assert prepared()[0] != first[0]
    assert (own / KEY_NAME).read_bytes() != key
    (own / KEY_NAME).write_bytes(key)
    assert prepared() == first
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert any(fnmatch(KEY_NAME, pattern) for pattern in ignored)


def test_a_nifti_mask_is_laid_on_the_slices_by_its_geometry(
    study: WrittenStudy, simulated: SimulatedExam, tmp_path: Path
) -> None:
    _write_nifti(study, simulated.truth.liver, tmp_path / f"masks/{study.study_instance_uid}.nii.gz")
    _prepared(tmp_path, masks=tmp_path / "masks")
    (exam,) = read_exams((tmp_path / "own",))
    np.testing.assert_array_equal(exam.liver, _by_z(simulated.truth.liver))


def test_of_several_segments_the_liver_is_taken(study: WrittenStudy, simulated: SimulatedExam, tmp_path: Path) -> None:
    _write_seg(study, simulated.truth.liver, tmp_path / "data/one/mask.dcm", labels=("Liver", "Spleen"))
    _prepared(tmp_path)
    (exam,) = read_exams((tmp_path / "own",))
    assert exam.liver.sum() == simulated.truth.liver.sum()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (np.zeros_like, "no voxel of the liver"),
        (np.ones_like, "nearly everything"),
        (lambda liver: liver.astype(np.uint8) * 2 + 1, "labels"),
    ],
)
def test_a_mask_that_cannot_be_right_is_refused(
    study: WrittenStudy,
    simulated: SimulatedExam,
    tmp_path: Path,
    spoil: Callable[[np.ndarray], np.ndarray],
    message: str,
) -> None:
    _write_nifti(study, spoil(simulated.truth.liver), tmp_path / f"masks/{study.study_instance_uid}.nii")
    with pytest.raises(CohortError, match="no exam could be prepared"):
        _prepared(tmp_path, masks=tmp_path / "masks")
    with pytest.raises(CohortError, match=message):
        _prepared(tmp_path, masks=tmp_path / "masks")


def test_a_mask_of_other_slices_is_refused(study: WrittenStudy, simulated: SimulatedExam, tmp_path: Path) -> None:
    path = tmp_path / f"masks/{study.study_instance_uid}.nii"
    _write_nifti(study, simulated.truth.liver, path)
    image = nibabel.load(path, mmap=False)
    moved = image.affine.copy()
    moved[2, 3] += 200.0
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), moved), path)
    with pytest.raises(CohortError, match="does not cover every slice"):
        _prepared(tmp_path, masks=tmp_path / "masks")


def test_a_study_without_a_mask_is_a_problem_that_does_not_stop_the_others(
    study: WrittenStudy, simulated: SimulatedExam, tmp_path: Path
) -> None:
    _write_seg(study, simulated.truth.liver, tmp_path / "data/one/mask.dcm")
    other = ENCODINGS["siemens-gre"](replace(simulated, seed=12), tmp_path / "data/two", patient_id="SIM-0002")
    report = _prepared(tmp_path)
    assert list(report["problems"]) == [other.study_instance_uid]
    assert "no mask" in report["problems"][other.study_instance_uid]
    assert json.loads((tmp_path / "own/report.json").read_text(encoding="utf-8")) == report


def test_the_same_images_under_two_patients_are_found(tmp_path: Path, make_record: Callable[..., object]) -> None:
    exam = load_simulated_exam(save_exam(tmp_path, make_record(1)))
    twin = replace(exam, name="own-b", patient="somebody else")
    assert duplicates([exam, twin]) == [(exam.name, "own-b")]
    assert duplicates([exam, replace(twin, patient=exam.patient)]) == []
    with pytest.raises(CohortError, match="two identities"):
        refuse_leakage({"train": [exam], "test": [twin]})
    with pytest.raises(CohortError, match="split the data by patient"):
        refuse_leakage({"train": [exam], "test": [replace(twin, patient=exam.patient)]})


def test_few_patients_of_a_kind_are_warned_of(tmp_path: Path, make_record: Callable[..., object]) -> None:
    exams = [load_simulated_exam(save_exam(tmp_path, make_record(seed, liver_kpa=5.0))) for seed in range(30)]
    exams = [replace(exam, facts={"manufacturer": "SIEMENS"}) for exam in exams]
    report = balance(exams)
    assert any("without significant fibrosis" in warning for warning in report["warnings"])
    assert not any("with significant" in warning for warning in report["warnings"])
    assert sum(part["significant_patients"] for part in report["splits"].values()) == 30


def test_a_stage_that_is_none_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "stages.csv"
    path.write_text("study_instance_uid,stage\n1.2,F2\n1.3,5\n", encoding="utf-8")
    with pytest.raises(CohortError, match="line 3"):
        read_stages(path)
    path.write_text("uid,stage\n1.2,F2\n", encoding="utf-8")
    with pytest.raises(CohortError, match="columns"):
        read_stages(path)
