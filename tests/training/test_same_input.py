"""The claim on which a trained network stands: it is shown the same at run time as in training."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn import functional

from liver_mre.liver.channels import ALL_CHANNELS, MASKED_ALONE
from liver_mre.liver.framing import available_channels, network_input, view_of
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.stiffness.source import read_stiffness
from liver_mre.studies.reader import read_studies
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from simulation.types import SimulatedExam, Truth
from tests.planning import select
from training.cohort.exams import Exam, load_simulated_exam
from training.cohort.store import CONFIDENCE_PER_COUNT, KPA_PER_COUNT, ExamRecord, save_exam
from training.experiments.refusals import as_read
from training.segmentation.dataset import INPUT_FIELD_OF_VIEW_MM, Grid, Slices
from training.segmentation.situations import SITUATIONS, Situation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GRID = Grid(32, 2)
BY_NAME = {situation.name: situation for situation in SITUATIONS}
# Encodings that store what the cohort stores to the last digit, and what of the study is lost on its way.
CASES = [
    ("everything", "siemens-gre", ()),
    ("everything", "siemens-xa", ()),
    ("no-magnitude", "siemens-gre", (SeriesKind.MAGNITUDE,)),
    ("no-magnitude", "ge-gre", (SeriesKind.RAW,)),
    ("masked-magnitude", "siemens-masked-only", ()),
    ("masked-magnitude", "siemens-gre", (SeriesKind.STIFFNESS,)),
    ("masked", "siemens-masked-only", (SeriesKind.MAGNITUDE,)),
    ("masked", "siemens-xa-masked-only", (SeriesKind.MAGNITUDE,)),
]
SHOWN = {
    "everything": ("stiffness", "confident", "magnitude"),
    "no-magnitude": ("stiffness", "confident"),
    "masked-magnitude": ("masked_stiffness", "magnitude"),
    "masked": ("masked_stiffness",),
}


@pytest.fixture
def record(make_record: Callable[..., ExamRecord]) -> ExamRecord:
    """Return an exam whose magnitude every scanner's counts hold exactly, without contrasts that no inversion gives."""
    made = make_record(31, slices=3)
    magnitude = np.rint(made.magnitude * (128 / made.magnitude.max())).astype(np.uint8)
    stiffness = np.where(made.stiffness > 0, 300 + made.stiffness // 4, 0).astype(np.uint16)
    return replace(made, magnitude=magnitude, stiffness=stiffness)


@pytest.fixture
def trained_on(record: ExamRecord, tmp_path: Path) -> Exam:
    return load_simulated_exam(save_exam(tmp_path / "cohort", record))


def as_acquired(record: ExamRecord) -> SimulatedExam:
    """Return the same exam as a scanner's encoding takes it."""
    stiffness_kpa = (record.stiffness * KPA_PER_COUNT).astype(np.float32)
    offsets = np.zeros((4, *stiffness_kpa.shape), np.float32)
    return SimulatedExam(
        seed=record.seed,
        pixel_spacing_mm=record.pixel_spacing_mm,
        slice_thickness_mm=5.0,
        slice_spacing_mm=10.0,
        frequency_hz=60.0,
        magnitude=record.magnitude.astype(np.float32),
        phase_rad=offsets,
        wave_um=offsets,
        stiffness_kpa=stiffness_kpa,
        confidence=(record.confidence * CONFIDENCE_PER_COUNT).astype(np.float32),
        t2=record.magnitude.astype(np.float32),
        truth=Truth(record.tissue, record.liver, stiffness_kpa, record.stage, record.liver_stiffness_kpa),
    )


def in_training(exam: Exam, situation: Situation) -> torch.Tensor:
    slices = Slices([exam], (situation,), GRID)
    return torch.stack([slices[0, index]["image"] for index in range(len(slices))])


def at_run_time(folder: Path, channels: tuple[str, ...]) -> tuple[torch.Tensor, tuple[str, ...]]:
    (study,) = read_studies(folder).studies
    (selection,) = select(study, load_scanner_rules()).acquisitions
    volume = read_stiffness(selection, companions=channels == ALL_CHANNELS)
    fine = GRID.size * GRID.pooling
    shown = network_input(volume, channels=channels, size=(fine, fine), view=view_of(volume, INPUT_FIELD_OF_VIEW_MM))
    # A published network averages squares of its input itself. The cohort's first slice is the uppermost.
    pooled = functional.avg_pool2d(torch.from_numpy(shown), GRID.pooling)
    return pooled.flip(0), available_channels(volume, channels)


def written(record: ExamRecord, encoding: str, lost: tuple[SeriesKind, ...], folder: Path) -> Path:
    study = ENCODINGS[encoding](as_acquired(record), folder)
    for series in study.series:
        if series.kind in lost:
            for file in series.files:
                file.unlink()
    return folder


@pytest.mark.parametrize(("name", "encoding", "lost"), CASES)
def test_the_network_is_shown_the_same_in_training_and_at_run_time(
    record: ExamRecord, trained_on: Exam, name: str, encoding: str, lost: tuple[SeriesKind, ...], tmp_path: Path
) -> None:
    expected = in_training(trained_on, BY_NAME[name])
    found, shown = at_run_time(written(record, encoding, lost, tmp_path / "study"), ALL_CHANNELS)
    assert shown == SHOWN[name]
    assert expected[:, 0].max() > 0.5
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0.0)


@pytest.mark.parametrize("encoding", ["siemens-gre", "siemens-masked-only"])
def test_so_is_a_network_of_the_masked_elastogram_alone(
    record: ExamRecord, trained_on: Exam, encoding: str, tmp_path: Path
) -> None:
    expected = in_training(trained_on, BY_NAME["masked"])[:, :1]
    found, shown = at_run_time(written(record, encoding, (), tmp_path / "study"), MASKED_ALONE)
    assert shown == ("masked_stiffness",)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0.0)


@pytest.mark.parametrize(("name", "encoding", "lost"), CASES)
def test_studies_of_the_measurement_see_the_pixels_that_the_application_loads(
    record: ExamRecord, trained_on: Exam, name: str, encoding: str, lost: tuple[SeriesKind, ...], tmp_path: Path
) -> None:
    expected = as_read(trained_on, BY_NAME[name])
    (study,) = read_studies(written(record, encoding, lost, tmp_path / "study")).studies
    (selection,) = select(study, load_scanner_rules()).acquisitions
    found = read_stiffness(selection, companions=True)
    complete_kpa = found.complete_kpa
    np.testing.assert_allclose(complete_kpa[::-1], expected.stiffness_kpa, atol=1e-5)
    np.testing.assert_array_equal(found.confident[::-1], expected.confident)
    np.testing.assert_allclose(found.stiffness_kpa[found.confident], complete_kpa[found.confident], atol=1e-5)
    assert found.only_masked == expected.only_masked
    assert (found.magnitude is None) == (expected.magnitude is None)
    if found.magnitude is not None and expected.magnitude is not None:  # its unit is any
        scale = found.magnitude.max() / expected.magnitude.max()
        np.testing.assert_allclose(found.magnitude[::-1], scale * expected.magnitude)


def test_every_situation_that_run_time_has_is_compared() -> None:
    """Hatch lines are closed before the network is shown anything; without confidence nothing is measured."""
    never = {"hatched", "unmasked", "unmasked-magnitude"}
    assert {name for name, _, _ in CASES} == BY_NAME.keys() - never
