"""A companion that shows something else than the measured slices is left out, and a confidence map is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from liver_mre.errors import ContradictoryImagesError, GeometryError, MreError, NoConfidenceError
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from simulation.exams.simulate import simulate_exam
from tests.fuzz.phantom import make_phantom
from tests.stiffness.companion_files import files_of, loaded
from tests.studies.files import change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simulation.encodings.types import WrittenStudy
    from simulation.types import SimulatedExam

    Edit = Callable[[WrittenStudy, Sequence[Path]], None]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exam() -> SimulatedExam:
    return simulate_exam(102)


@pytest.fixture
def study(exam: SimulatedExam, tmp_path: Path) -> WrittenStudy:
    return ENCODINGS["philips"](exam, tmp_path / "study")


def on_pixels(edit: Callable[[np.ndarray], np.ndarray], *, images: slice = slice(None)) -> Edit:
    def edited(ds: Dataset) -> None:
        ds.PixelData = np.ascontiguousarray(edit(ds.pixel_array)).astype("<u2").tobytes()

    def on_files(_: WrittenStudy, files: Sequence[Path]) -> None:
        for file in files[images]:
            change(file, edited)

    return on_files


def reversed_positions(_: WrittenStudy, files: Sequence[Path]) -> None:
    positions = [dcmread(file, stop_before_pixels=True).ImagePositionPatient for file in files]
    for file, position in zip(files, positions[::-1], strict=True):
        change(file, lambda ds, p=position: setattr(ds, "ImagePositionPatient", p))


def pixels_of(kind: SeriesKind) -> Edit:
    def on_files(study: WrittenStudy, files: Sequence[Path]) -> None:
        for file, other in zip(files, files_of(study, kind), strict=True):
            pixels = dcmread(other).PixelData
            change(file, lambda ds, found=pixels: setattr(ds, "PixelData", found))

    return on_files


NOISE = np.random.default_rng(2).integers(0, 1000, (1024, 1024))


def first_slice_again(_: WrittenStudy, files: Sequence[Path]) -> None:
    pixels = dcmread(files[0]).PixelData
    change(files[1], lambda ds: setattr(ds, "PixelData", pixels))


OTHERS: dict[str, tuple[Edit, str]] = {
    "slices in reverse": (reversed_positions, "reverse order"),
    "mirrored": (on_pixels(np.fliplr), "left to right"),
    "the confidence map": (pixels_of(SeriesKind.CONFIDENCE), "copy of the stiffness or of its confidence"),
    "the stiffness map": (pixels_of(SeriesKind.STIFFNESS), "copy of the stiffness or of its confidence"),
    "noise": (on_pixels(lambda pixels: NOISE[: pixels.shape[0], : pixels.shape[1]]), "noise"),
    "noise in one slice": (
        on_pixels(lambda pixels: NOISE[: pixels.shape[0], : pixels.shape[1]], images=slice(1)),
        "noise",
    ),
    "zeros": (on_pixels(np.zeros_like), "constant"),
    "a constant": (on_pixels(lambda pixels: np.full_like(pixels, 500)), "constant"),
    "the pixels of another slice": (first_slice_again, "two slices of it have the same pixels"),
    "a part of a slice": (
        on_pixels(lambda pixels: pixels * (np.indices(pixels.shape)[0] < 45), images=slice(1, 2)),
        "no signal where the stiffness is confident",
    ),
    "half of the body": (
        on_pixels(lambda pixels: np.where(np.indices(pixels.shape)[1] < 80, pixels, 1)),
        "outline of the body",
    ),
}


def test_a_companion_that_fits_is_used(study: WrittenStudy) -> None:
    assert loaded(study.folder).magnitude is not None


@pytest.mark.parametrize("case", OTHERS)
def test_a_magnitude_that_shows_something_else_is_left_out_with_the_reason(study: WrittenStudy, case: str) -> None:
    edit, words = OTHERS[case]
    expected = loaded(study.folder)
    edit(study, files_of(study, SeriesKind.MAGNITUDE))
    volume = loaded(study.folder)
    assert volume.magnitude is None
    assert words in volume.notes[-1]
    np.testing.assert_array_equal(volume.stiffness_kpa, expected.stiffness_kpa)
    np.testing.assert_array_equal(volume.confident, expected.confident)


def test_a_stiffness_in_reverse_order_is_refused_because_its_confidence_is_that_of_other_slices(
    study: WrittenStudy,
) -> None:
    reversed_positions(study, files_of(study, SeriesKind.STIFFNESS))
    with pytest.raises(GeometryError, match="slices of it changed places"):
        loaded(study.folder)


@pytest.mark.parametrize("kind", [SeriesKind.MAGNITUDE, SeriesKind.PHASE])
def test_a_confidence_slice_with_the_pixels_of_a_raw_image_is_refused(study: WrittenStudy, kind: SeriesKind) -> None:
    file = files_of(study, SeriesKind.CONFIDENCE)[1]
    pixels = dcmread(files_of(study, kind)[2]).PixelData
    change(file, lambda ds: setattr(ds, "PixelData", pixels))
    words = "pixels of the (magnitude|phase) series"
    with pytest.raises(ContradictoryImagesError, match=words):
        loaded(study.folder)
    on_pixels(lambda image: np.minimum(image + 1, 3900), images=slice(1, 2))(
        study, files_of(study, SeriesKind.CONFIDENCE)
    )
    with pytest.raises(MreError, match=r"confidence in 100% of the air .* at image 2|a slice of it is noise"):
        loaded(study.folder)


@pytest.mark.parametrize("encoding", ["philips", "philips-enhanced"])
@pytest.mark.parametrize("order", [(1, 0, 2, 3), (0, 2, 1, 3), (0, 1, 3, 2), (0, 2, 3, 1), (1, 2, 3, 0)])
def test_stiffness_slices_that_changed_places_are_refused(
    exam: SimulatedExam, encoding: str, order: tuple[int, ...], tmp_path: Path
) -> None:
    """Their outlines differ by less than a hundredth."""
    study = ENCODINGS[encoding](exam, tmp_path / "study")
    files = files_of(study, SeriesKind.STIFFNESS)
    images = [
        frame
        for file in files
        for frame in np.atleast_3d(dcmread(file).pixel_array).reshape(-1, *exam.stiffness_kpa.shape[1:])
    ]
    moved = np.stack([images[place] for place in order])
    for file, pixels in zip(files, moved.reshape(len(files), -1), strict=True):
        change(file, lambda ds, found=pixels: setattr(ds, "PixelData", found.astype("<u2").tobytes()))
    with pytest.raises(GeometryError, match="slices of it changed places"):
        loaded(study.folder)


def test_a_magnitude_is_not_left_out_for_organs_alone_that_would_fit_better_mirrored(tmp_path: Path) -> None:
    """A smooth stiffness, and the shading of a coil on the other side; the body is not the same on both sides."""
    plain = make_phantom()
    across = np.indices(plain.stiffness_kpa.shape)[2] / plain.stiffness_kpa.shape[2]
    stiff = np.where(plain.stiffness_kpa > 0, 2.0 + 3.0 * np.exp(-(((across - 0.7) / 0.15) ** 2)), 0.0)
    stiff *= 1.0 + 0.02 * np.sin(np.indices(stiff.shape)[1] / 3.0)
    bright = np.where(plain.stiffness_kpa > 0, 300.0 + 400.0 * np.exp(-(((across - 0.3) / 0.15) ** 2)), 0.0)
    shaded = bright + np.random.default_rng(1).rayleigh(6.0, bright.shape)
    smooth = replace(plain, stiffness_kpa=stiff.astype(np.float32), magnitude=shaded.astype(np.float32))
    volume = loaded(ENCODINGS["philips"](smooth, tmp_path / "study").folder)
    assert volume.magnitude is not None, volume.notes


def test_a_confidence_map_of_noise_or_of_one_value_is_none(study: WrittenStudy) -> None:
    for edit in (lambda pixels: NOISE[: pixels.shape[0], : pixels.shape[1]] * 4, lambda pixels: pixels * 0 + 3000):
        on_pixels(edit)(study, files_of(study, SeriesKind.CONFIDENCE))
        with pytest.raises(NoConfidenceError, match="constant, or a slice of it is noise"):
            loaded(study.folder)


def test_a_confidence_map_whose_body_lies_elsewhere_is_refused(study: WrittenStudy) -> None:
    """Half of a body, so that it is not the same on both sides."""
    both = (*files_of(study, SeriesKind.CONFIDENCE), *files_of(study, SeriesKind.STIFFNESS))
    on_pixels(lambda pixels: pixels * (np.indices(pixels.shape)[1] < 128))(study, both)
    loaded(study.folder)
    on_pixels(np.fliplr, images=slice(1))(study, files_of(study, SeriesKind.CONFIDENCE))
    with pytest.raises(GeometryError, match="mirrored"):
        loaded(study.folder)
