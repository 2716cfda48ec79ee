"""Outlines enclose exactly the pixels of the mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from liver_mre.report.outline import area_px, largest_outline, outlines
from tests.report.content_factory import fill

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans())


@given(MASKS)
def test_areas_of_all_outlines_add_up_to_the_number_of_pixels(mask: np.ndarray) -> None:
    assert sum(area_px(outline) for outline in outlines(mask)) == mask.sum()


@given(MASKS)
def test_filling_all_outlines_gives_the_mask_back(mask: np.ndarray) -> None:
    filled = np.zeros_like(mask)
    for outline in outlines(mask):
        filled ^= fill(outline, mask.shape)
    np.testing.assert_array_equal(filled, mask)


@given(MASKS)
def test_there_is_one_outer_outline_for_each_connected_part(mask: np.ndarray) -> None:
    outer = [outline for outline in outlines(mask) if area_px(outline) > 0]
    assert len(outer) == ndimage.label(mask)[1]


@given(MASKS)
def test_outlines_turn_at_each_of_at_least_four_corners(mask: np.ndarray) -> None:
    for outline in outlines(mask):
        steps = np.roll(outline, -1, axis=0) - outline
        assert len(outline) >= 4
        assert (np.count_nonzero(steps, axis=1) == 1).all()
        assert (np.count_nonzero(steps * np.roll(steps, -1, axis=0), axis=1) == 0).all()


def test_outline_of_a_rectangle_is_its_four_corners_clockwise() -> None:
    mask = np.zeros((6, 8), bool)
    mask[2:4, 3:7] = True
    corners = {tuple(point) for point in largest_outline(mask).tolist()}
    assert corners == {(3, 2), (7, 2), (7, 4), (3, 4)}
    assert area_px(largest_outline(mask)) == 8


def test_largest_outline_is_that_of_the_largest_part() -> None:
    mask = np.zeros((8, 8), bool)
    mask[0, 0] = mask[1, 1] = True
    mask[4:7, 4:7] = True
    assert area_px(largest_outline(mask)) == 9


def test_an_empty_mask_has_no_outline() -> None:
    assert outlines(np.zeros((3, 3), bool)) == []
    with pytest.raises(ValueError, match="empty"):
        largest_outline(np.zeros((3, 3), bool))
