from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from liver_mre.studies import overlays
from liver_mre.studies.overlays import enclosed_region
from tests.studies.files import change, copy_files, masked_files, read_volume

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from simulation.encodings.types import WrittenStudy

    Mask = NDArray[np.bool_]

SHAPE = (40, 48)


def image(shape: tuple[int, int] = SHAPE) -> Dataset:
    ds = Dataset()
    ds.Rows, ds.Columns = shape
    ds.BitsAllocated, ds.BitsStored = 16, 12
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def draw(
    ds: Dataset,
    drawn: Mask,
    *,
    group: int = 0x6000,
    kind: str = "G",
    origin: tuple[int, int] = (1, 1),
    label: str = "",
) -> Dataset:
    """Add a drawing, (R, C) or (frames, R, C)."""
    ds.add_new((group, 0x0010), "US", drawn.shape[-2])
    ds.add_new((group, 0x0011), "US", drawn.shape[-1])
    if drawn.ndim == 3:
        ds.add_new((group, 0x0015), "IS", len(drawn))
    ds.add_new((group, 0x0040), "CS", kind)
    ds.add_new((group, 0x0050), "SS", list(origin))
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    if label:
        ds.add_new((group, 0x1500), "LO", label)
    bits = np.packbits(drawn.ravel(), bitorder="little").tobytes()
    ds.add_new((group, 0x3000), "OW", bits + b"\0" * (len(bits) % 2))
    return ds


def ellipse(shape: tuple[int, int] = SHAPE, size: float = 1.0) -> Mask:
    row, column = np.indices(shape)
    return (row - shape[0] / 2) ** 2 / (13 * size) ** 2 + (column - shape[1] / 2) ** 2 / (17 * size) ** 2 <= 1.0


def outline(filled: Mask) -> Mask:
    inner = filled.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            inner &= np.roll(filled, step, axis)
    return filled & ~inner


@pytest.mark.parametrize("kind", ["G", "R"])
@pytest.mark.parametrize("only_outline", [True, False])
def test_a_contour_becomes_what_it_encloses(kind: str, *, only_outline: bool) -> None:
    drawn = outline(ellipse()) if only_outline else ellipse()
    region, damaged = enclosed_region(draw(image(), drawn, kind=kind), None)
    np.testing.assert_array_equal(region, ellipse())
    assert not damaged


@given(st.integers(-20, 60), st.integers(-20, 60))
def test_the_origin_moves_the_region_and_the_image_cuts_it_off(row: int, column: int) -> None:
    drawn = np.ones((12, 14), np.bool_)
    region, damaged = enclosed_region(draw(image(), drawn, origin=(row, column)), None)
    expected = np.zeros(SHAPE, np.bool_)
    expected[max(0, row - 1) : max(0, row + 11), max(0, column - 1) : max(0, column + 13)] = True
    kept = expected if min(expected.any(1).sum(), expected.any(0).sum()) >= 9 else None  # less holds no liver
    if kept is None:
        assert region is None
    else:
        np.testing.assert_array_equal(region, kept)
    assert not damaged


def test_writing_and_marks_beside_the_contour_are_left_out() -> None:
    drawn = outline(ellipse())
    drawn[1:7, 1:6] = outline(np.ones((6, 5), np.bool_))  # the letter O
    drawn[36:39, 2:40] = True  # a ruler
    region, _ = enclosed_region(draw(image(), drawn), None)
    np.testing.assert_array_equal(region, ellipse())
    marks = drawn & ~outline(ellipse())
    assert enclosed_region(draw(image(), marks), None) == (None, False)


def test_an_open_line_encloses_nothing() -> None:
    drawn = outline(ellipse())
    drawn[:, 24] = False
    assert enclosed_region(draw(image(), drawn), None) == (None, False)


def test_a_group_that_says_contour_is_preferred_and_else_all_are_joined() -> None:
    square = np.zeros(SHAPE, np.bool_)
    square[1:12, 1:12] = True
    both = draw(draw(image(), ellipse()), square, group=0x6002)
    np.testing.assert_array_equal(enclosed_region(both, None)[0], ellipse() | square)
    named = draw(draw(image(), ellipse(), label="Leberkontur"), square, group=0x6002)
    np.testing.assert_array_equal(enclosed_region(named, None)[0], ellipse())


def test_every_frame_has_its_own_plane_of_a_multi_frame_overlay() -> None:
    planes = np.stack([ellipse(size=size) for size in (1.0, 0.9, 0.8)])
    ds = draw(image(), planes)
    for number in (1, 2, 3):
        np.testing.assert_array_equal(enclosed_region(ds, number)[0], planes[number - 1])
    assert enclosed_region(ds, 4) == (None, False)
    ds.add_new((0x6000, 0x0051), "US", 2)  # the first plane belongs to frame 2
    np.testing.assert_array_equal(enclosed_region(ds, 2)[0], planes[0])
    assert enclosed_region(ds, 1) == (None, False)
    np.testing.assert_array_equal(enclosed_region(draw(image(), planes[0]), 3)[0], planes[0])


def test_a_plane_in_an_unused_bit_of_the_pixels_is_read() -> None:
    ds = image()
    words = np.full(SHAPE, 0x0ABC, np.uint16) | (ellipse().astype(np.uint16) << 13)
    draw(ds, ellipse())
    del ds[0x6000, 0x3000]
    ds[0x6000, 0x0102].value = 13
    np.testing.assert_array_equal(enclosed_region(ds, None, words)[0], ellipse())
    ds[0x6000, 0x0102].value = 11  # a bit of the values
    assert enclosed_region(ds, None, words) == (None, True)


def test_a_maze_is_given_up_as_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    maze = np.zeros((400, 400), np.bool_)
    maze[::4] = maze[:, 0] = maze[:, -1] = True
    maze[::8, 1] = maze[4::8, -2] = False
    assert enclosed_region(draw(image(maze.shape), maze), None)[1] is False
    monkeypatch.setattr(overlays, "MOST_EFFORT", 20 * maze.size)
    assert enclosed_region(draw(image(maze.shape), maze), None) == (None, True)


def test_an_overlay_larger_than_any_image_is_left_out_before_it_takes_memory() -> None:
    ds = draw(image(), ellipse())
    ds[0x6000, 0x0010].value = ds[0x6000, 0x0011].value = 60_000
    assert enclosed_region(ds, None) == (None, True)


@pytest.mark.parametrize("element", [0x0010, 0x0011])
def test_a_damaged_overlay_is_left_out_and_said(element: int) -> None:
    ds = draw(image(), ellipse())
    ds[0x6000, element].value = 4000
    assert enclosed_region(ds, None) == (None, True)
    del ds[0x6000, element]
    assert enclosed_region(ds, None) == (None, True)


def test_a_contour_at_the_scanner_is_offered_with_the_volume(siemens: WrittenStudy, tmp_path: Path) -> None:
    files = copy_files(masked_files(siemens), tmp_path)
    drawn = ellipse((32, 40), 0.7)
    for file in files[1:3]:
        change(file, lambda ds: draw(ds, outline(drawn)))
    volume = read_volume(tmp_path)
    assert volume.scanner_contour is not None
    marked = {str(dcmread(file).SOPInstanceUID) for file in files[1:3]}
    for region, instance in zip(volume.scanner_contour, volume.instances, strict=True):
        expected = drawn if instance.sop_instance_uid in marked else np.zeros_like(drawn)
        np.testing.assert_array_equal(region, expected)
    plain = read_volume(siemens.folder)
    assert plain.scanner_contour is None
    np.testing.assert_array_equal(volume.stiffness_kpa, plain.stiffness_kpa)


def test_a_damaged_overlay_does_not_stop_the_measurement(siemens: WrittenStudy, tmp_path: Path) -> None:
    for file in copy_files(masked_files(siemens), tmp_path)[:1]:
        change(file, lambda ds: draw(ds, ellipse()))
        change(file, lambda ds: setattr(ds[0x6000, 0x0010], "value", 4000))
    volume = read_volume(tmp_path)
    assert (volume.scanner_contour, len(volume.notes)) == (None, 1)
    assert "1 of 4" in volume.notes[0]
