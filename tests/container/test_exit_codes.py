"""Every exit code, from real containers, including lack of memory or disk space and a stopped run."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pydicom
import pytest

from tests.container.conftest import readable

if TYPE_CHECKING:
    from tests.container.conftest import Finished, Image

ROOT = Path(__file__).resolve().parents[2]
STUDIES = 12
SCHEMA = json.loads((ROOT / "liver_mre/data/result.schema.json").read_text(encoding="utf-8"))


def assert_failed_as(finished: Finished, code: int, reason: str) -> None:
    """Check that a run ended with `code` and left nothing but a valid result.json that says why."""
    assert finished.code == code, finished.stderr
    jsonschema.validate(finished.result, SCHEMA)
    assert finished.result["exit_code"] == code
    reasons = [finished.result["reason"], *(study["reason"] for study in finished.result["studies"])]
    assert reason in [entry["code"] for entry in reasons if entry], finished.result
    assert not finished.left_behind
    assert str(finished.stderr).strip()


def test_0_an_exam_that_cannot_be_evaluated_has_a_report_that_says_so(image: Image, study: Path) -> None:
    options = [*image.locked_down(), "-e", "LIVER_MRE_MIN_AREA_CM2=9999"]
    finished = image.run("--quiet", study=study, options=options)
    assert finished.code == 0, finished.stderr
    assert [entry["status"] for entry in finished.result["studies"]] == ["not_evaluable"]
    assert list(finished.out.glob("*/liver-sr.dcm"))


def test_1_memory_runs_out(image: Image, study: Path) -> None:
    finished = image.run("--quiet", study=study, options=image.locked_down(memory="150m"))
    assert_failed_as(finished, 1, "killed")


@pytest.fixture(scope="module")
def many_studies(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return many copies of the study, each with its own UIDs: more work than any of these tests waits for."""
    folder = tmp_path_factory.mktemp("many") / "studies"
    folder.mkdir()
    for number in range(STUDIES):
        for path in study.iterdir():
            image = pydicom.dcmread(path)
            for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
                setattr(image, keyword, f"{image[keyword].value[:58]}.{number + 1}")
            image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
            image.save_as(folder / f"{number}-{path.name}")
    readable(folder.parent)
    return folder


@pytest.mark.parametrize("after_s", [0.0, 0.6, 2.0, 6.0])
def test_1_a_run_that_is_stopped_ends_within_5_seconds_and_says_so(
    image: Image, many_studies: Path, after_s: float
) -> None:
    out = image.output()
    mounts = [*image.mount(many_studies, "/var/holoscan/input"), *image.mount(out, "/var/holoscan/output", "rw")]
    name = image.start(["--quiet"], options=[*image.locked_down(), *mounts])
    time.sleep(after_s)
    assert image.engine.run("kill", "--signal", "TERM", name).returncode == 0
    stopped = datetime.now(tz=UTC)  # after the signal: the engine's time to start does not count
    finished = image.end(name, out)
    assert (finished.ended - stopped).total_seconds() <= 5.0
    assert_failed_as(finished, 1, "interrupted")
    finished_studies = sorted(study["study_instance_uid"] for study in finished.result["studies"])
    assert sorted(path.name for path in out.iterdir()) == [*finished_studies, "metadata.json", "result.json"]


def test_2_an_unknown_setting(image: Image, study: Path) -> None:
    options = [*image.locked_down(), "-e", "LIVER_MRE_NO_SUCH_SETTING=1"]
    assert_failed_as(image.run("--quiet", study=study, options=options), 2, "invalid_setting")


def test_2_an_unknown_option(image: Image, study: Path) -> None:
    finished = image.run("--no-such-option", study=study)
    assert finished.code == 2
    assert "usage" in finished.stderr


def drop_elastography(folder: Path) -> None:
    for path in folder.iterdir():
        if "MRE" in pydicom.dcmread(path, specific_tags=["SeriesDescription"]).SeriesDescription:
            path.unlink()


def test_3_a_study_without_elastography(image: Image, copied: Path) -> None:
    drop_elastography(copied)
    finished = image.run("--quiet", study=copied)
    assert (finished.code, finished.result["status"]) == (3, "nothing_to_do")


def test_126_for_nothing_to_do_if_a_site_sets_it(image: Image, copied: Path) -> None:
    drop_elastography(copied)
    options = [*image.locked_down(), "-e", "LIVER_MRE_SKIPPED_EXIT_CODE=126"]
    finished = image.run("--quiet", study=copied, options=options)
    assert (finished.code, finished.result["exit_code"]) == (126, 126)


def test_4_an_input_without_dicom(image: Image, copied: Path) -> None:
    shutil.rmtree(copied)
    copied.mkdir()
    (copied / "notes.txt").write_text("no images here", encoding="utf-8")
    readable(copied)
    assert_failed_as(image.run("--quiet", study=copied), 4, "no_dicom")


def test_5_a_device_that_is_not_there(image: Image, study: Path) -> None:
    assert_failed_as(image.run("--quiet", "--device", "cuda:0", study=study), 5, "device_unavailable")


def test_5_a_model_that_is_missing(image: Image, study: Path, tmp_path: Path) -> None:
    readable(tmp_path.parent)
    options = [*image.locked_down(), *image.mount(tmp_path, "/opt/holoscan/models/liver_segmentation")]
    assert_failed_as(image.run("--quiet", study=study, options=options), 5, "invalid_model")


def test_6_an_output_folder_that_cannot_be_written(image: Image, study: Path) -> None:
    out = image.output()
    out.chmod(0o755)
    finished = image.run("--quiet", study=study, out=out)
    assert finished.code == 6
    assert "cannot be written" in finished.stderr
    assert not list(out.iterdir())


@pytest.mark.parametrize("size", ["4k", "64k"])
def test_6_a_full_disk(image: Image, study: Path, size: str) -> None:
    options = [*image.locked_down(), "--tmpfs", f"/var/holoscan/output:rw,size={size},mode=1777"]
    mounts = image.mount(study, "/var/holoscan/input")
    finished = image.run("--quiet", options=[*options, *mounts])
    assert finished.code == 6, finished.stderr
    assert "cannot be written" in finished.stderr
