from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from simulation import __main__ as command_line
from simulation.encodings import ENCODINGS
from simulation.encodings.siemens import write_study
from tests.simulation.exam_factory import make_exam
from tests.tools import debian_tool, run

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import FileDataset

    from simulation.encodings.types import WrittenStudy


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> WrittenStudy:
    return write_study(make_exam(), tmp_path_factory.mktemp("study"))


def by_suffix(study: WrittenStudy, suffix: str) -> list[FileDataset]:
    series = next(s for s in study.series if s.description.endswith(suffix))
    return [dcmread(file) for file in series.files]


def test_every_object_passes_dciodvfy_without_an_error(study: WrittenStudy) -> None:
    tool = debian_tool("dciodvfy")
    reports = {file: run([tool, file]) for series in study.series for file in series.files}
    assert all("MRImage" in report for report in reports.values())
    assert not [report for report in reports.values() if "Error" in report]


def test_the_series_are_those_of_a_siemens_exam(study: WrittenStudy) -> None:
    protocol = "greMRE_tra_p2_bh_128"
    assert [(s.description, len(s.files)) for s in study.series] == [
        ("localizer", 3),
        ("t2_haste_tra_bh", 4),
        (f"{protocol}__Mag", 4),
        (f"{protocol}_P", 16),
        (f"{protocol}_P_Wave", 16),
        (f"{protocol}_P_Stiff", 4),
        (f"{protocol}_P_StiffC95", 4),
    ]


def test_every_image_says_that_it_is_simulated(study: WrittenStudy) -> None:
    for file in study.folder.iterdir():
        ds = dcmread(file)
        assert str(ds.PatientName) == "Simulated^Phantom"
        assert "SIMULATED" in ds.StudyDescription
        assert "SIMULATED" in ds.ImageComments
        assert (ds.SOPClassUID, ds.file_meta.TransferSyntaxUID) == (MRImageStorage, ExplicitVRLittleEndian)


def test_stiffness_is_stored_at_a_hundredth_kpa_under_the_papers_window(study: WrittenStudy) -> None:
    exam = make_exam()
    unmasked, masked = by_suffix(study, "_P_Stiff"), by_suffix(study, "_P_StiffC95")
    for s, (plain, cut) in enumerate(zip(unmasked[::-1], masked[::-1], strict=True)):
        counts = np.rint(exam.stiffness_kpa[s].astype(np.float64) * 100)
        np.testing.assert_array_equal(plain.pixel_array, counts)
        np.testing.assert_array_equal(cut.pixel_array, np.where(exam.confidence[s] >= 0.95, counts, 0))
        assert (plain.WindowCenter, plain.WindowWidth) == (400, 800)
        assert plain.pixel_array.dtype == np.uint16
        assert "RescaleSlope" not in plain


def test_the_sequence_is_that_of_the_paper(study: WrittenStudy) -> None:
    (ds, *_) = by_suffix(study, "__Mag")
    assert (ds.Manufacturer, ds.RepetitionTime, ds.EchoTime, ds.FlipAngle) == ("SIEMENS", 50, 22.7, 25)
    assert "greMR" in ds.SequenceName
    assert {"PRIMARY", "M"} <= set(ds.ImageType)


def test_phase_and_wave_come_back_through_their_rescale(study: WrittenStudy) -> None:
    exam = make_exam()
    for suffix, truth, unit in (("_P", exam.phase_rad, np.pi / 4096), ("_P_Wave", exam.wave_um, 1.0)):
        for ds in by_suffix(study, suffix):
            s = round(1.5 - ds.SliceLocation / 10)
            value = (ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)) * unit
            expected = truth[ds.TemporalPositionIdentifier - 1, s]
            np.testing.assert_allclose(value, expected, atol=float(ds.RescaleSlope) * unit)


def test_slice_zero_is_the_uppermost_and_numbers_run_either_way(tmp_path: Path) -> None:
    z_by_seed = {}
    for seed in (2, 3):
        written = write_study(make_exam(seed), tmp_path / str(seed))
        assert written.slice_z_mm == (15.0, 5.0, -5.0, -15.0)
        z_by_seed[seed] = [float(ds.ImagePositionPatient[2]) for ds in by_suffix(written, "StiffC95")]
    assert z_by_seed == {2: [15.0, 5.0, -5.0, -15.0], 3: [-15.0, -5.0, 5.0, 15.0]}


def test_the_three_planes_of_the_localizer_are_perpendicular(study: WrittenStudy) -> None:
    normals = []
    for ds in by_suffix(study, "localizer"):
        row, column = np.reshape(np.asarray(ds.ImageOrientationPatient, dtype=float), (2, 3))
        normals.append(np.cross(row, column))
    np.testing.assert_allclose(np.abs(np.linalg.det(normals)), 1.0)


def test_uids_and_bytes_are_the_same_for_the_same_seed_and_differ_for_another(
    study: WrittenStudy, tmp_path: Path
) -> None:
    again = write_study(make_exam(), tmp_path / "again")
    for file in study.folder.iterdir():
        assert (again.folder / file.name).read_bytes() == file.read_bytes()
    other = write_study(make_exam(8), tmp_path / "other")
    patient = write_study(make_exam(), tmp_path / "patient", patient_id="SIM-2")
    uids = {dcmread(file).SOPInstanceUID for w in (study, other, patient) for file in w.folder.iterdir()}
    assert len(uids) == 3 * len(list(study.folder.iterdir()))


def test_the_command_line_writes_a_study_and_its_truth_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("simulation.exams.simulate.simulate_exam", lambda seed, **_: make_exam(seed))
    assert command_line.main(["example", "--out", str(tmp_path), "--seed", "3"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"study", "truth.npz"}
    assert not [path for path in (tmp_path / "study").iterdir() if path.suffix != ".IMA"]
    with np.load(tmp_path / "truth.npz", allow_pickle=False) as truth:
        assert truth["simulated"]
        assert truth["seed"] == 3
        np.testing.assert_array_equal(truth["liver"], make_exam(3).truth.liver)
        np.testing.assert_array_equal(truth["slice_z_mm"], [15.0, 5.0, -5.0, -15.0])
    assert "Simulated study (seed 3): 7 series, 51 images" in capsys.readouterr().out


def test_the_command_line_never_writes_into_an_existing_study(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "something").touch()
    with pytest.raises(SystemExit, match="2"):
        command_line.main(["example", "--out", str(tmp_path)])


@pytest.mark.parametrize("arguments", [[], ["example"], ["example", "--out", "x", "--seed", "-1"]])
def test_the_command_line_refuses_what_it_cannot_do(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command_line.main(arguments)


def test_every_encoding_is_offered_by_its_name() -> None:
    assert ENCODINGS["siemens-gre"] is write_study
    assert all(encoding.name == name for name, encoding in ENCODINGS.items())


def test_slices_are_acquired_one_breath_hold_after_another(study: WrittenStudy) -> None:
    times = {ds.AcquisitionTime: round(float(ds.SliceLocation)) for ds in by_suffix(study, "_P_StiffC95")}
    assert times == {"093300.000000": 15, "093315.000000": 5, "093330.000000": -5, "093345.000000": -15}
    assert {(ds.AcquisitionTime, round(float(ds.SliceLocation))) for ds in by_suffix(study, "_P")} == set(times.items())
