"""Claims about phase images: they are read as the phases that were simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.method.load_pixels import load_pixels
from liver_mre.method.stages import Selected
from liver_mre.method.toolkit import Toolkit
from liver_mre.series.plan import plan_series
from liver_mre.settings import Settings
from liver_mre.stiffness.phases import in_radians, read_phases
from liver_mre.studies.reader import read_studies
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from simulation.exams.simulate import simulate_exam
from tests.studies.files import change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom import Dataset

    from simulation.types import SimulatedExam


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exam() -> SimulatedExam:
    return simulate_exam(8, slices=2)


def phases_of(
    exam: SimulatedExam, encoding: str, folder: Path, edit: Callable[[Dataset], None] | None = None
) -> NDArray[np.float32] | None:
    study = ENCODINGS[encoding](exam, folder)
    if edit is not None:
        for file in next(series.files for series in study.series if series.kind == SeriesKind.PHASE):
            change(file, edit)
    toolkit = Toolkit(Settings())
    (read,) = read_studies(folder).studies
    (found,) = plan_series(read, toolkit.rules).select()
    loaded = load_pixels(Selected(1, 0, found.acquisition), toolkit)
    return read_phases(loaded.acquisition.phases, loaded.volume.instances)


@pytest.mark.parametrize("encoding", ["siemens-gre", "siemens-masked-only", "philips", "philips-enhanced", "canon"])
def test_phases_are_read_back_up_to_rounding(exam: SimulatedExam, encoding: str, tmp_path: Path) -> None:
    phases = phases_of(exam, encoding, tmp_path)
    assert phases is not None
    # Slice 0 of a simulated exam is the uppermost, of a measured one the lowest.
    turns = np.exp(1j * phases) / np.exp(1j * exam.phase_rad[:, ::-1])
    # A constant phase offset does not change the waves.
    assert np.abs(np.angle(turns / turns[0, 0, 0, 0])).max() < 0.01


def test_phases_without_positions_are_left_out(exam: SimulatedExam, tmp_path: Path) -> None:
    assert phases_of(exam, "ge-gre", tmp_path) is None


def moved(ds: Dataset) -> None:
    """Move an image 150 mm within its plane."""
    across = np.array(ds.ImageOrientationPatient[:3], float)
    ds.ImagePositionPatient = [float(value) for value in np.array(ds.ImagePositionPatient, float) + 150.0 * across]


def finer(ds: Dataset) -> None:
    ds.PixelSpacing = [float(value) / 2.0 for value in ds.PixelSpacing]


def repeated(ds: Dataset) -> None:
    ds.TemporalPositionIdentifier = 1


@pytest.mark.parametrize("edit", [moved, finer, repeated])
def test_phases_of_other_places_or_of_several_motions_are_left_out(
    exam: SimulatedExam, tmp_path: Path, edit: Callable[[Dataset], None]
) -> None:
    assert phases_of(exam, "philips", tmp_path, edit) is None


@pytest.mark.parametrize(("limit", "turn"), [(3.14, 2 * np.pi), (3142, 2000 * np.pi), (4095, 8192)])
def test_every_scale_is_converted_to_radians(limit: float, turn: float) -> None:
    phases = in_radians(np.array([-limit, 0.0, limit]))
    assert phases is not None
    assert phases[2] == pytest.approx(limit * 2 * np.pi / turn)


def test_an_unknown_scale_gives_no_phase() -> None:
    assert in_radians(np.array([0.0, 500.0])) is None
