"""Claims about companions of the stiffness: the right pixels on the right slices, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import RLELossless

from liver_mre.stiffness.source import read_stiffness
from simulation.encodings import ENCODINGS
from simulation.encodings.types import SeriesKind
from simulation.exams.simulate import simulate_exam
from tests.stiffness.companion_files import EXAM, files_of, loaded, selected, writing
from tests.studies.files import change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom import Dataset

    from liver_mre.studies.study import Series
    from simulation.encodings.types import WrittenStudy
    from simulation.types import SimulatedExam

pytestmark = pytest.mark.slow


def scaled(exam: SimulatedExam) -> np.ndarray:
    """Return the magnitude as the encodings store it, in the loader's order of slices."""
    return np.rint(exam.magnitude / exam.magnitude.max() * 2048)[::-1]


@pytest.fixture
def study(tmp_path: Path) -> WrittenStudy:
    return ENCODINGS["siemens-gre"](EXAM, tmp_path / "study")


@pytest.fixture(scope="module")
def simulated() -> SimulatedExam:
    return simulate_exam(5, slices=3)


@pytest.mark.parametrize("modifiers", [(), ("shuffled",)])
@pytest.mark.parametrize("encoding", writing(SeriesKind.MAGNITUDE))
def test_every_encodings_magnitude_lies_on_its_slices_whatever_the_order(
    encoding: str, modifiers: tuple[str, ...], tmp_path: Path
) -> None:
    ENCODINGS[encoding](EXAM, tmp_path / "study", modifiers=modifiers)
    volume = loaded(tmp_path / "study")
    np.testing.assert_array_equal(volume.magnitude, scaled(EXAM))
    assert not any("magnitude" in note for note in volume.notes)


@pytest.mark.parametrize("times", ["kept", "removed"])
@pytest.mark.parametrize("encoding", ["ge-gre", "ge-epi", "ge-stgry"])
def test_a_raw_series_without_positions_is_paired_by_number_where_outlines_agree(
    simulated: SimulatedExam, encoding: str, times: str, tmp_path: Path
) -> None:
    """GE's raw series has first the phase and then the magnitude of every phase offset."""
    study = ENCODINGS[encoding](simulated, tmp_path / "study")
    if times == "removed":
        for file in files_of(study, SeriesKind.RAW):
            change(file, lambda ds: ds.pop("TemporalPositionIdentifier", None))
    for number, file in enumerate(np.random.default_rng(1).permutation(sorted(study.folder.iterdir()))):
        file.rename(study.folder / f"file-{number}")
    volume = loaded(study.folder)
    assert volume.magnitude is not None, volume.notes
    rows, columns = simulated.magnitude.shape[1:]
    above, left = np.subtract(volume.magnitude.shape[1:], (rows, columns)) // 2
    inside = np.s_[:, above : above + rows, left : left + columns]
    np.testing.assert_array_equal(volume.magnitude[inside], scaled(simulated))


def test_a_raw_series_numbered_in_reverse_is_left_out(simulated: SimulatedExam, tmp_path: Path) -> None:
    study = ENCODINGS["ge-gre"](simulated, tmp_path / "study")
    files = files_of(study, SeriesKind.RAW)
    half = len(files) // 2
    for number, file in enumerate(reversed(files[half:]), start=half + 1):
        change(file, lambda ds, n=number: setattr(ds, "InstanceNumber", n))
    volume = loaded(tmp_path / "study")
    assert volume.magnitude is None
    assert "contradict the order" in volume.notes[-1]


@pytest.mark.parametrize("axis", [0, 1])
def test_a_raw_series_without_positions_that_is_mirrored_is_left_out(
    simulated: SimulatedExam, axis: int, tmp_path: Path
) -> None:
    def mirror(ds: Dataset) -> None:
        ds.PixelData = np.ascontiguousarray(np.flip(ds.pixel_array, axis)).tobytes()

    study = ENCODINGS["ge-gre"](simulated, tmp_path / "study")
    for file in files_of(study, SeriesKind.RAW):
        change(file, mirror)
    volume = loaded(tmp_path / "study")
    assert volume.magnitude is None
    assert "mirrored" in volume.notes[-1]


def test_breathing_between_magnitude_and_stiffness_does_not_prevent_pairing(
    simulated: SimulatedExam, tmp_path: Path
) -> None:
    """Without a shift, a body moved by 10 mm would fit better mirrored."""
    columns = round(10.0 / simulated.pixel_spacing_mm[1])
    moved = replace(simulated, magnitude=np.roll(simulated.magnitude, columns, axis=2))
    ENCODINGS["ge-gre"](moved, tmp_path / "study")
    volume = loaded(tmp_path / "study")
    assert volume.magnitude is not None, volume.notes


def test_random_numbers_pair_nothing(simulated: SimulatedExam, tmp_path: Path) -> None:
    ENCODINGS["ge-gre"](simulated, tmp_path / "study", modifiers=["shuffled"])
    volume = loaded(tmp_path / "study")
    assert volume.magnitude is None
    assert "not numbered in the order of its slices" in volume.notes[-1]


def test_no_order_is_guessed_where_slices_look_alike_or_a_mask_hides_the_body(tmp_path: Path) -> None:
    for encoding, words in (("ge-gre", "contradict"), ("ge-masked-only", "no outline of the body")):
        ENCODINGS[encoding](EXAM, tmp_path / encoding)  # its slices have one outline
        volume = loaded(tmp_path / encoding)
        assert volume.magnitude is None
        assert words in volume.notes[-1]
        assert "series 3" in volume.notes[-1]


def test_the_phase_offsets_of_a_slice_are_averaged(study: WrittenStudy, tmp_path: Path) -> None:
    darker = replace(EXAM, magnitude=EXAM.magnitude**2)
    other = ENCODINGS["siemens-gre"](darker, tmp_path / "other")
    second = selected(other.folder).magnitude
    selection = selected(study.folder)
    assert selection.magnitude is not None
    assert second is not None
    both = replace(selection.magnitude, instances=(*selection.magnitude.instances, *second.instances))
    volume = read_stiffness(replace(selection, magnitude=both), companions=True)
    np.testing.assert_allclose(volume.magnitude, (scaled(EXAM) + scaled(darker)) / 2.0, atol=0.01)


def on_images(**changes: object) -> Callable[[Series], Series]:
    """Return an edit that changes headers of every image."""
    return lambda found: replace(found, instances=tuple(replace(one, **changes) for one in found.instances))


def moved(found: Series) -> Series:
    """Move every image by 5 mm within its plane."""
    images = [replace(one, position_mm=(one.position_mm[0] + 5.0, *one.position_mm[1:])) for one in found.instances]
    return replace(found, instances=tuple(images))


def one_more(found: Series) -> Series:
    """Give the first slice a second image, with the pixels of the last one."""
    other = replace(found.instances[0], sop_instance_uid="1.2.3", source=found.instances[-1].source)
    return replace(found, instances=(*found.instances, other))


OFF_GRID = "do not lie on those of the stiffness"
UNUSABLE: dict[str, tuple[Callable[[Series], Series], str]] = {
    "a slice is missing": (lambda found: replace(found, instances=found.instances[1:]), "lacks slices"),
    "one slice has two images": (one_more, "more images of some slices"),
    "another matrix": (on_images(rows=16, columns=20, pixel_spacing_mm=(16.0, 16.0)), OFF_GRID),
    "moved in the plane": (moved, OFF_GRID),
    "turned": (on_images(orientation=(0.0, 1.0, 0.0, -1.0, 0.0, 0.0)), OFF_GRID),
    "a picture": (on_images(samples_per_pixel=3), "not stored as grey values"),
    "contradicting copies": (
        lambda found: replace(found, instances=(replace(found.instances[0], conflicting=True), *found.instances[1:])),
        "contradict each other",
    ),
    "compressed with loss": (on_images(loss="LossyImageCompression is 01"), "cannot be read"),
    "repeated numbers, no positions": (
        on_images(position_mm=(0.0, 0.0, 0.0), instance_number=1),
        "InstanceNumber repeats",
    ),
    "another count, no positions": (
        lambda found: on_images(position_mm=(0.0, 0.0, 0.0))(replace(found, instances=found.instances[1:])),
        "other images than the stiffness",
    ),
    "no usable scale": (on_images(rescale_slope=float("inf"), rescale_intercept=0.0), "RescaleSlope"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_magnitude_that_is_in_doubt_is_left_out_and_the_stiffness_stays(study: WrittenStudy, case: str) -> None:
    edit, words = UNUSABLE[case]
    selection = selected(study.folder)
    assert selection.magnitude is not None
    expected = read_stiffness(selection)
    volume = read_stiffness(replace(selection, magnitude=edit(selection.magnitude)), companions=True)
    assert volume.magnitude is None
    assert words in volume.notes[-1]
    assert "series 3" in volume.notes[-1]
    assert "Nothing was measured" not in volume.notes[-1]
    np.testing.assert_array_equal(volume.stiffness_kpa, expected.stiffness_kpa)


@pytest.mark.parametrize("encoding", ["siemens-gre", "siemens-xa"])
def test_a_magnitude_cut_off_on_its_way_never_fails_the_exam(encoding: str, tmp_path: Path) -> None:
    study = ENCODINGS[encoding](EXAM, tmp_path / "study")
    expected = loaded(study.folder)
    damaged = files_of(study, SeriesKind.MAGNITUDE)[0]
    damaged.write_bytes(damaged.read_bytes()[:-200])
    volume = read_stiffness(selected(study.folder), companions=True)
    assert expected.magnitude is not None
    assert volume.magnitude is None
    np.testing.assert_array_equal(volume.stiffness_kpa, expected.stiffness_kpa)


def test_a_compressed_magnitude_is_read_as_well(study: WrittenStudy) -> None:
    for file in files_of(study, SeriesKind.MAGNITUDE):
        dataset = dcmread(file)
        dataset.compress(RLELossless)
        dataset.save_as(file)
    np.testing.assert_array_equal(loaded(study.folder).magnitude, scaled(EXAM))


def test_slices_with_a_scale_of_their_own_are_put_on_one(study: WrittenStudy) -> None:
    factors = (0.25, 0.5, 1.0, 1.5)

    def rescale(ds: Dataset, factor: float) -> None:
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = 1 / factor, 0, "US"
        ds.PixelData = (ds.pixel_array * factor).astype("<u2").tobytes()

    for file, factor in zip(files_of(study, SeriesKind.MAGNITUDE), factors, strict=True):
        change(file, lambda ds, f=factor: rescale(ds, f))
    np.testing.assert_allclose(loaded(study.folder).magnitude, scaled(EXAM), atol=4)  # a quarter of the counts


def test_companions_are_given_only_on_request(study: WrittenStudy) -> None:
    selection = selected(study.folder)
    assert selection.magnitude is not None
    assert selection.maps.unmasked is not None
    for file in files_of(study, SeriesKind.MAGNITUDE):
        file.unlink()
    volume = read_stiffness(selection)
    assert (volume.magnitude, volume.unmasked_kpa, volume.notes) == (None, None, ())
    assert volume.only_masked
