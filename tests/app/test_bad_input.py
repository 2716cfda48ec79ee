"""Bad input: a clear message, the right exit code, result.json, and nothing half-written."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pydicom
import pytest
from pydicom.uid import generate_uid

from app.cli import main
from liver_mre.settings import ROOT
from tests.app.test_run import result_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.app.conftest import ExampleStudy

MASKED = "StiffC95"


def rename(image: pydicom.Dataset, *keywords: str, copy: str) -> None:
    """Replace UIDs of an image, consistently within one copy of a study."""
    for keyword in keywords:
        setattr(image, keyword, generate_uid(entropy_srcs=[copy, image[keyword].value]))
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID


def masked_files(folder: Path) -> list[Path]:
    named = [(path, pydicom.dcmread(path, specific_tags=["SeriesDescription"])) for path in sorted(folder.iterdir())]
    return [path for path, header in named if header.SeriesDescription.endswith(MASKED)]


def empty(example: ExampleStudy, folder: Path) -> None:
    del example
    folder.mkdir()


def not_dicom(example: ExampleStudy, folder: Path) -> None:
    del example
    folder.mkdir()
    (folder / "notes.txt").write_text("no images here", encoding="utf-8")


def without_mre(example: ExampleStudy, folder: Path) -> None:
    folder.mkdir()
    for description, files in example.series.items():
        if "MRE" not in description:
            for file in files:
                shutil.copy(file, folder)


def without_confidence(example: ExampleStudy, folder: Path) -> None:
    example.copy(folder, without=(MASKED,))


def truncated(example: ExampleStudy, folder: Path) -> None:
    file = masked_files(example.copy(folder))[1]
    file.write_bytes(file.read_bytes()[:-20_000])


def slice_missing(example: ExampleStudy, folder: Path) -> None:
    masked_files(example.copy(folder))[1].unlink()


def last_slice_missing(example: ExampleStudy, folder: Path) -> None:
    masked_files(example.copy(folder))[-1].unlink()


def mixed_patients(example: ExampleStudy, folder: Path) -> None:
    file = masked_files(example.copy(folder))[0]
    image = pydicom.dcmread(file)
    image.PatientID = "SOMEBODY-ELSE"
    image.save_as(file)


def acquired_twice(example: ExampleStudy, folder: Path) -> None:
    for file in masked_files(example.copy(folder)):
        image = pydicom.dcmread(file)
        rename(image, "SeriesInstanceUID", "SOPInstanceUID", copy="again")
        image.PixelData = (image.pixel_array + (image.pixel_array > 0)).astype("<u2").tobytes()
        image.save_as(folder / f"again-{file.name}")


def wrong_unit(example: ExampleStudy, folder: Path) -> None:
    """Store values in Pa although the scanner's rule says 0.01 kPa per count."""
    for file in masked_files(example.copy(folder)):
        image = pydicom.dcmread(file)
        image.PixelData = (image.pixel_array * 10).astype("<u2").tobytes()
        image.save_as(file)


CASES = [
    (empty, 4, "no_dicom", None),
    (not_dicom, 4, "no_dicom", None),
    (without_mre, 3, "no_mre_series", "skipped"),
    (without_confidence, 3, "no_confidence", "failed"),
    (truncated, 4, "truncated_file", "failed"),
    (slice_missing, 4, "missing_slices", "failed"),
    (last_slice_missing, 4, "missing_slices", "failed"),
    (mixed_patients, 4, "mixed_patients", "failed"),
    (acquired_twice, 3, "ambiguous_series", "failed"),
    (wrong_unit, 3, "implausible_stiffness", "failed"),
]


@pytest.mark.parametrize(("damage", "exit_code", "code", "status"), CASES, ids=[c[0].__name__ for c in CASES])
def test_bad_input_ends_with_its_exit_code_and_reason_and_nothing_half_written(
    damage: Callable[[ExampleStudy, Path], None],
    exit_code: int,
    code: str,
    status: str | None,
    example: ExampleStudy,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    damage(example, tmp_path / "in")
    out = tmp_path / "out"
    assert main(["run", "-i", str(tmp_path / "in"), "-o", str(out), "--quiet"]) == exit_code
    result = result_of(out)
    assert result["exit_code"] == exit_code
    reason = result["studies"][0]["reason"] if status else result["reason"]
    assert reason["code"] == code
    if status:
        assert result["studies"][0]["status"] == status
        assert result["status"] == ("nothing_to_do" if status == "skipped" else "failed")
        assert result["studies"][0]["input_series"]
    assert sorted(path.name for path in out.iterdir()) == ["metadata.json", "result.json"]
    printed = capfd.readouterr()
    assert reason["message"] in printed.err
    for private in ("SIM-0001", "Simulated^Phantom", "SOMEBODY-ELSE", str(tmp_path)):
        assert private not in printed.err
        assert private not in json.dumps(result)


def test_naming_the_series_resolves_an_ambiguous_study(example: ExampleStudy, tmp_path: Path) -> None:
    acquired_twice(example, tmp_path / "in")
    uid = str(pydicom.dcmread(masked_files(example.folder)[0]).SeriesInstanceUID)
    run = ["run", "-i", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--series", uid, "--quiet"]
    assert main(run) == 0
    used = [s for s in result_of(tmp_path / "out")["studies"][0]["input_series"] if s["used"]]
    assert uid in {series["series_instance_uid"] for series in used}


def test_one_bad_study_never_stops_the_others(example: ExampleStudy, tmp_path: Path) -> None:
    """Of three studies the first is damaged: two are published, and the exit code is that of the first."""
    studies = tmp_path / "in"
    slice_missing(example, studies / "a")
    for name in ("b", "c"):
        for file in sorted(example.copy(studies / name).iterdir()):
            image = pydicom.dcmread(file)
            rename(image, "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", copy=name)
            image.save_as(file)
    assert main(["run", "-i", str(studies), "-o", str(tmp_path / "out"), "--quiet"]) == 4
    result = result_of(tmp_path / "out")
    assert sorted(study["status"] for study in result["studies"]) == ["failed", "measured", "measured"]
    means = {s["measurement"]["stiffness_kpa"]["mean"] for s in result["studies"] if s["measurement"]}
    assert len(means) == 1
    assert len([path for path in (tmp_path / "out").iterdir() if path.is_dir()]) == 2


def test_an_input_that_does_not_exist_is_a_usage_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-i", str(tmp_path / "nowhere"), "-o", str(tmp_path / "out")]) == 2
    assert "does not exist" in capfd.readouterr().err


def test_an_output_that_cannot_be_written_is_exit_code_6(
    example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path / "out"), "--quiet"]) == 6
    assert "output folder cannot be written" in capfd.readouterr().err


@pytest.mark.parametrize("given", [["--device", "tpu"], ["--profile", "nobody_2020"], ["--kpa-per-count", "x"]])
def test_wrong_options_are_exit_code_2_with_result_json(
    given: list[str], example: ExampleStudy, tmp_path: Path
) -> None:
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--quiet", *given]) == 2
    assert result_of(tmp_path)["exit_code"] == 2


def test_a_device_that_is_not_there_is_exit_code_5(example: ExampleStudy, tmp_path: Path) -> None:
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path), "--quiet", "--device", "cuda:99"]) == 5


def test_a_damaged_model_is_exit_code_5(example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "model"
    shutil.copytree(ROOT / "models/liver_segmentation", model)
    with (model / "weights.safetensors").open("r+b") as weights:
        weights.seek(1_000_000)
        weights.write(b"damaged")
    monkeypatch.setenv("LIVER_MRE_MODEL_DIR", str(model))

    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path / "out"), "--quiet"]) == 5
    out = result_of(tmp_path / "out")
    assert out["studies"][0]["reason"]["code"] == "invalid_model"
