"""A network with three channels gets the images that a study has, and measures the same stiffness from each set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre import measure_folder
from liver_mre.results.result_json import to_json
from liver_mre.settings import Settings
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from tests.exams import WITHOUT_RULES
from tests.simulation.exam_factory import make_exam
from tests.tiny_model import EVERY_CHANNEL, TinyModel, publish_tiny, weighing_network

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.results.result import StudyResult

EXAM = make_exam()
BODY, LIVER = EXAM.stiffness_kpa > 0, EXAM.truth.liver & (EXAM.confidence >= 0.95)
TRUE_KPA = float(np.round(EXAM.stiffness_kpa[LIVER].astype(np.float64), 2).mean())
SIZE = (256, 256)
MASKED, UNMASKED = ("masked_stiffness",), ("stiffness", "confident")
SHOWN = {
    "siemens-gre": (*UNMASKED, "magnitude"),
    "siemens-xa": (*UNMASKED, "magnitude"),
    "siemens-masked-only": (*MASKED, "magnitude"),
    "philips-enhanced": (*UNMASKED, "magnitude"),
    "canon-masked-only": (*MASKED, "magnitude"),
    "resoundant-3d": (*UNMASKED, "magnitude"),
    "ge-gre": UNMASKED,  # its raw magnitude has no positions, and slices of one outline have no order
    "ge-stgry": UNMASKED,
    "ge-masked-only": MASKED,
}


@pytest.fixture(scope="module")
def by_stiffness(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """Return a network for which everything stiffer than 1.8 kPa is liver."""
    network = weighing_network((400.0, 0.0, 0.0), -400.0 * 1.8 / 8.0)
    return publish_tiny(tmp_path_factory.mktemp("by") / "stiffness", network, channels=EVERY_CHANNEL, size=SIZE)


@pytest.fixture(scope="module")
def by_magnitude(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """Return a network for which everything with a magnitude is liver."""
    network = weighing_network((0.0, 0.0, 400.0), -100.0)
    return publish_tiny(tmp_path_factory.mktemp("by") / "magnitude", network, channels=EVERY_CHANNEL, size=SIZE)


def measured(folder: Path, model: TinyModel) -> StudyResult:
    (study,) = measure_folder(folder, Settings(model_dir=model.folder, quality_control=False, **WITHOUT_RULES)).studies
    return study


@pytest.mark.parametrize("encoding", SHOWN)
def test_the_stiffness_is_right_whatever_images_the_study_has(
    encoding: str, by_stiffness: TinyModel, tmp_path: Path
) -> None:
    ENCODINGS[encoding](EXAM, tmp_path / "study")
    study = measured(tmp_path / "study", by_stiffness)
    assert study.measurement is not None, study.reason
    # Closing the hatching and resizing shift the outline by up to a pixel.
    assert study.measurement.mean_kpa == pytest.approx(TRUE_KPA, rel=0.02)
    assert study.findings[0].provenance.network_channels == SHOWN[encoding]


def test_the_magnitude_reaches_the_network_and_only_confident_pixels_is_measured(
    by_magnitude: TinyModel, tmp_path: Path
) -> None:
    study = ENCODINGS["siemens-gre"](EXAM, tmp_path / "study")
    confident = EXAM.confidence >= 0.95
    area_cm2 = (confident & BODY).sum() * 0.64
    found = measured(study.folder, by_magnitude)
    assert found.measurement is not None
    assert found.measurement.area_cm2 == pytest.approx(area_cm2, rel=0.02)
    assert found.measurement.liver_area_cm2 > 2 * area_cm2
    for series in study.series:
        if series.kind == SeriesKind.MAGNITUDE:
            for file in series.files:
                file.unlink()
    without = measured(study.folder, by_magnitude)
    assert without.reason is not None
    assert without.reason.code == "no_liver"


def test_the_result_notes_a_magnitude_that_was_left_out(by_stiffness: TinyModel, tmp_path: Path) -> None:
    study = ENCODINGS["siemens-gre"](EXAM, tmp_path / "study")
    next(series for series in study.series if series.kind == SeriesKind.MAGNITUDE).files[0].unlink()
    run = measure_folder(study.folder, Settings(model_dir=by_stiffness.folder))
    (acquisition,) = json.loads(json.dumps(to_json(run)))["studies"][0]["acquisitions"]
    assert acquisition["network_channels"] == ["stiffness", "confident"]
    told = "The magnitude in series 3 is left out: it does not show all slices"
    assert any(told in note for note in acquisition["notes"])


def test_without_known_confidence_nothing_is_measured(by_stiffness: TinyModel, tmp_path: Path) -> None:
    study = ENCODINGS["siemens-gre"](EXAM, tmp_path / "study")
    for series in study.series:
        if series.kind == SeriesKind.STIFFNESS_MASKED:
            for file in series.files:
                file.unlink()
    found = measured(study.folder, by_stiffness)
    assert found.measurement is None
    assert found.reason is not None
    assert found.reason.code == "no_confidence"
