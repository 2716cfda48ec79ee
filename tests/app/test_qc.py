"""`qc` tells the technologist what is wrong while the patient is still on the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from liver_mre.api import measure_folder
from liver_mre.settings import Settings
from liver_mre.workflow.outcome import StudyStatus
from simulation.encodings import ENCODINGS
from simulation.exams.simulate import simulate_exam
from simulation.planning.variety import WIDE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.conftest import ExampleStudy


@pytest.fixture(scope="module")
def driver_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("off") / "study"
    ENCODINGS["siemens-gre"](simulate_exam(31, slices=2, variety=WIDE, failure="no waves"), folder)
    return folder


def quality_of(folder: Path, capfd: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["qc", str(folder), "--json"]) == 0
    (study,) = json.loads(capfd.readouterr().out)["studies"]
    (acquisition,) = study["acquisitions"]
    return acquisition


def test_a_good_acquisition_is_not_red_and_has_its_numbers(
    example: ExampleStudy, capfd: pytest.CaptureFixture[str]
) -> None:
    acquisition = quality_of(example.folder, capfd)
    quality = acquisition["quality"]
    assert acquisition["reason"] is None
    assert quality["light"] in {"green", "amber"}
    assert quality["unlike"] == []
    numbers = {check["name"]: check["value"] for check in quality["slices"][1]["checks"]}
    assert numbers["wave_snr"] > 3.0
    assert numbers["confident_liver"] > 3.0


def test_an_acquisition_that_a_run_would_not_measure_is_red(
    example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Diagnostic slices are not enough: the region rules may leave too little of them."""
    config = tmp_path / "app.yaml"
    config.write_text("settings:\n  min_area_cm2: 5000\n")
    assert main(["qc", str(example.folder), "--json", "--config", str(config)]) == 0
    (acquisition,) = json.loads(capfd.readouterr().out)["studies"][0]["acquisitions"]
    assert acquisition["reason"]["code"] == "area_too_small"
    assert acquisition["quality"]["light"] == "red"
    assert "kpa" not in json.dumps(acquisition["reason"]).lower()

    result = measure_folder(example.folder, settings=Settings(min_area_cm2=5000.0))
    (study,) = result.studies
    (measured,) = study.findings
    assert measured.quality is not None
    assert (study.reason.code, measured.verdict) == ("area_too_small", "red")


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [
        ("phantom", "siemens-gre"),
        ("head", "siemens-gre"),
        ("coronal", "siemens-gre"),
        ("phantom", "siemens-masked-only"),
    ],
)
def test_out_of_domain_images_give_no_number(kind: str, encoding: str, tmp_path: Path) -> None:
    ENCODINGS[encoding](simulate_exam(61, slices=3, out_of_domain=kind), tmp_path / "study")
    (study,) = measure_folder(tmp_path / "study").studies
    assert study.status is StudyStatus.NOT_EVALUABLE
    assert study.measurement is None
    assert study.reason.code in {"unlike_liver_elastogram", "no_liver"}


def test_a_driver_that_is_off_is_red_in_every_slice(driver_off: Path, capfd: pytest.CaptureFixture[str]) -> None:
    acquisition = quality_of(driver_off, capfd)
    if acquisition["quality"] is None:  # no liver was found in it at all
        return
    assert acquisition["quality"]["light"] == "red"
    assert {one["light"] for one in acquisition["quality"]["slices"]} == {"red"}
    assert acquisition["reason"]["code"].startswith(("not_diagnostic", "unlike"))
    assert acquisition["quality"]["hint"]


def test_a_driver_that_is_off_gives_no_number(driver_off: Path) -> None:
    (study,) = measure_folder(driver_off, Settings()).studies
    assert study.status is StudyStatus.NOT_EVALUABLE
    assert study.measurement is None
    assert study.staging is None


def test_table_and_pictures_are_written(
    example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["qc", str(example.folder), "--pictures", str(tmp_path / "pictures")]) == 0
    printed = capfd.readouterr().out
    assert "Quality of series 7" in printed
    assert "wave snr" in printed
    (picture,) = (tmp_path / "pictures").iterdir()
    pixels = np.asarray(Image.open(picture))
    assert pixels.ndim == 3
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50


def test_pictures_that_cannot_be_written_are_reported(
    example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["qc", str(example.folder), "--pictures", str(tmp_path / "file")]) == 6
    assert "cannot be written" in capfd.readouterr().err
