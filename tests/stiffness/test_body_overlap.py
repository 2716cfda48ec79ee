"""Claims about the overlap of masks."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from liver_mre.stiffness.body_overlap import (
    SHIFT_MARGIN,
    best_exchange,
    best_overlap,
    exchange_gain,
    fill_holes,
    mean_overlap,
    mirror_gain,
    outlines_changed_places,
    shift_gain,
)

ROWS, COLUMNS = np.mgrid[:40, :60]


def ellipse(row: float, column: float) -> np.ndarray:
    """Return two slices of an ellipse of 12 by 20 pixels around a point."""
    one = ((ROWS - row) / 12) ** 2 + ((COLUMNS - column) / 20) ** 2 < 1
    return np.stack([one, one])


def test_overlap_is_the_dice_coefficient_of_each_slice_on_average() -> None:
    one, other = ellipse(20, 30), ellipse(20, 30)
    assert mean_overlap(one, other) == 1.0
    other[1] = False
    assert mean_overlap(one, other) == 0.5
    assert mean_overlap(other & False, other & False) == 0.0


@pytest.mark.parametrize("shift", [(0, 0), (3, -4), (-4, 2)])
def test_the_best_overlap_undoes_the_shift(shift: tuple[int, int]) -> None:
    one, other = ellipse(20, 30), ellipse(20 + shift[0], 30 + shift[1])
    assert best_overlap(one, other, 4) == 1.0
    assert best_overlap(one, other, 0) == mean_overlap(one, other)
    if shift != (0, 0):
        assert best_overlap(one, other, 2) < 1.0


def test_shifts_do_not_wrap_around() -> None:
    left, right = np.zeros((1, 10, 10), bool), np.zeros((1, 10, 10), bool)
    left[:, :, 0], right[:, :, 9] = True, True
    assert best_overlap(left, right, 3) == 0.0


def test_slices_move_together() -> None:
    one, other = ellipse(20, 30), ellipse(20, 30)
    other[0], other[1] = np.roll(other[0], 3, axis=1), np.roll(other[1], -3, axis=1)
    assert best_overlap(one, other, 3) < 1.0


def test_holes_are_filled_and_the_outside_is_not() -> None:
    body = ellipse(20, 30)
    hollow = body & ~((abs(ROWS - 20) < 5) & (abs(COLUMNS - 30) < 6))
    assert hollow.sum() < body.sum()
    np.testing.assert_array_equal(fill_holes(hollow), body)


def test_slices_in_their_order_gain_nothing_by_an_exchange_and_others_do() -> None:
    sizes = (6, 9, 12, 14)
    body = np.stack([((ROWS - 20) / size) ** 2 + ((COLUMNS - 30) / 20) ** 2 < 1 for size in sizes])
    assert exchange_gain(body, body) == 0.0
    assert exchange_gain(body, body[::-1]) > 0.2
    assert exchange_gain(body, body[[1, 0, 2, 3]]) == pytest.approx(0.2, abs=0.03)
    assert exchange_gain(body[:1], body[1:2]) == 0.0


@pytest.mark.parametrize("flip", [np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1]])
def test_a_slice_that_fits_as_it_is_gains_nothing_by_mirroring_and_a_mirrored_one_does(flip: tuple[slice, ...]) -> None:
    body = ellipse(17, 26)
    assert mirror_gain(body, body) == 0.0
    other = body.copy()
    other[1] = body[1][flip]
    assert mirror_gain(other, body) > 0.1


def test_a_slice_that_fits_as_it_is_gains_nothing_by_a_shift_and_a_shifted_one_does() -> None:
    body = ellipse(20, 30)
    assert shift_gain(body, body) == 0.0
    one_shifted = np.stack([body[0], np.roll(body[1], 2, axis=1)])
    assert shift_gain(one_shifted, body) == shift_gain(body, one_shifted) > SHIFT_MARGIN


def test_an_outline_of_another_shape_is_no_shift() -> None:
    body = ellipse(20, 30)
    left_half = body & (COLUMNS < 28)
    assert shift_gain(left_half, body) == 0.0


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_best_exchange_is_that_of_all_permutations(count: int) -> None:
    fits = np.random.default_rng(count).random((count, count))
    rises = [
        sum(fits[place, to] - fits[place, place] for place, to in enumerate(order)) / moved
        for order in permutations(range(count))
        if (moved := sum(place != to for place, to in enumerate(order)))
    ]
    assert best_exchange(fits) == pytest.approx(max(0.0, *rises))


def test_slices_that_are_rotated_gain_though_no_pair_does() -> None:
    sizes = (6, 9, 12, 14)
    body = np.stack([((ROWS - 20) / size) ** 2 + ((COLUMNS - 30) / 20) ** 2 < 1 for size in sizes])
    fits = np.eye(3)[[1, 2, 0]]
    assert best_exchange(fits) == 1.0
    assert exchange_gain(body, body[[1, 2, 3, 0]]) > 0.2


@pytest.mark.parametrize("order", [(1, 0, 2, 3), (0, 2, 1, 3), (2, 1, 0, 3), (3, 2, 1, 0), (1, 2, 3, 0)])
def test_slices_that_changed_places_are_known_by_outlines_that_differ_in_a_few_pixels(order: tuple[int, ...]) -> None:
    body = np.stack([((ROWS - 20) / 12) ** 2 + ((COLUMNS - 30) / half) ** 2 < 1 for half in (19, 20, 21, 22)])
    assert not outlines_changed_places(body, body)
    assert exchange_gain(body, body[list(order)]) < 0.15
    assert outlines_changed_places(body, body[list(order)])


def test_slices_of_one_outline_and_other_outlines_have_not_changed_places() -> None:
    one = ellipse(20, 30)
    assert not outlines_changed_places(one, one)
    hollow = one.copy()
    hollow[1, 18:22, 28:32] = False  # a slice without confidence in a vessel
    assert not outlines_changed_places(one, hollow)
    assert not outlines_changed_places(hollow, one)
    assert not outlines_changed_places(one, ellipse(22, 26))
