from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liver_mre.stiffness.masking import Masking, close_hatch, judge_masking
from simulation.exams.simulate import simulate_exam

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.types import SimulatedExam

    Mask = NDArray[np.bool_]


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exam() -> SimulatedExam:
    """Simulate two slices of a healthy abdomen."""
    return simulate_exam(4, stage="F0", slices=2)


def hatch(stored: NDArray[np.uint16], keep: Mask, *, period: int, sign: int = 1, line: int = 0) -> NDArray[np.uint16]:
    """Mask what is not kept as GE does: diagonal lines of zero (or `line`), and stiffness between them."""
    row, column = np.indices(stored.shape[1:])
    lines = (row + sign * column) % period == 0
    return np.where((stored > 0) & ~keep & lines, line, stored).astype(np.uint16)


def grown(mask: Mask, pixels: int) -> Mask:
    """Grow a mask by pixels in every direction, diagonals too."""
    padded = np.pad(mask, ((0, 0), (pixels, pixels), (pixels, pixels)))
    rows, columns = mask.shape[1:]
    steps = range(2 * pixels + 1)
    return np.logical_or.reduce([padded[:, r : r + rows, c : c + columns] for r in steps for c in steps])


def in_pa(exam: SimulatedExam) -> NDArray[np.uint16]:
    return np.round(exam.stiffness_kpa * 1000).clip(0, 65535).astype(np.uint16)


@pytest.mark.parametrize("line", [0, 20])
def test_a_checkerboard_is_closed_and_edges_move_by_at_most_a_pixel(exam: SimulatedExam, line: int) -> None:
    stored, confident = in_pa(exam), exam.confidence >= 0.95
    mask, hatched = close_hatch(hatch(stored, confident, period=2, line=line))
    assert hatched
    assert not (mask & ~grown(confident, 1)).any()
    assert not (confident & ~mask & ~grown(~confident, 1)).any()
    assert mask.sum() == pytest.approx(confident.sum(), rel=0.05)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("period", [3, 4])
def test_wider_hatch_lines_are_closed_too(exam: SimulatedExam, period: int, sign: int) -> None:
    stored, confident = in_pa(exam), exam.confidence >= 0.95
    mask, hatched = close_hatch(hatch(stored, confident, period=period, sign=sign))
    assert hatched
    beyond = (mask & ~grown(confident, 2)) | (confident & ~mask & ~grown(~confident, 2))
    assert beyond.sum() < 0.001 * (stored > 0).sum()
    between = (stored > 0) & ~grown(confident, 1)
    assert (mask & between).sum() < 0.002 * between.sum()


def test_lattices_that_differ_between_regions_are_all_closed() -> None:
    stored = np.full((1, 64, 64), 2000, np.uint16)
    row, column = np.indices((64, 64))
    stored[0][(column < 32) & ((row + column) % 2 == 0)] = 0
    stored[0][(column >= 32) & (row < 40) & ((row + column) % 2 == 1)] = 0
    mask, hatched = close_hatch(stored)
    assert hatched
    assert not mask[0, :38].any()
    assert mask[0, 42:, 34:].all()


@given(
    seed=st.integers(0, 2**32 - 1),
    grain=st.sampled_from([1, 2, 3, 8, 16]),
    share=st.floats(0.02, 0.98),
)
def test_a_plain_zero_mask_stays_exactly_as_it_is(seed: int, grain: int, share: float) -> None:
    noise = np.random.default_rng(seed)
    blocks = noise.random((2, 96 // grain, 96 // grain)) < share
    keep = blocks.repeat(grain, 1).repeat(grain, 2)
    stored = np.where(keep, noise.integers(900, 9000, keep.shape), 0).astype(np.uint16)
    mask, hatched = close_hatch(stored)
    assert not hatched
    np.testing.assert_array_equal(mask, stored > 0)


def test_masks_of_simulated_exams_are_kept_and_so_is_the_unmasked_map(exam: SimulatedExam) -> None:
    stored = in_pa(exam)
    for plain in (stored, np.where(exam.confidence >= 0.95, stored, 0)):
        mask, hatched = close_hatch(plain)
        assert not hatched
        np.testing.assert_array_equal(mask, plain > 0)


def test_soft_pixels_of_a_plain_mask_are_kept() -> None:
    stored = np.full((1, 32, 32), 5000, np.uint16)
    stored[0, 10, 10] = 3
    np.testing.assert_array_equal(close_hatch(stored)[0], stored > 0)


def test_an_empty_elastogram_has_no_hatch() -> None:
    mask, hatched = close_hatch(np.zeros((2, 16, 16), np.uint16))
    assert not mask.any()
    assert not hatched


def test_pixels_show_whether_an_exam_is_masked(exam: SimulatedExam) -> None:
    area_cm2 = np.prod(exam.pixel_spacing_mm) / 100
    body = exam.stiffness_kpa > 0
    assert judge_masking(body, area_cm2) is Masking.UNMASKED
    assert judge_masking(body & (exam.confidence >= 0.95), area_cm2) is Masking.MASKED
    assert judge_masking(np.zeros_like(body), area_cm2) is Masking.MASKED


@pytest.mark.parametrize(("size_px", "expected"), [(8, Masking.MASKED), (14, Masking.UNCLEAR), (20, Masking.UNMASKED)])
def test_a_convex_region_too_large_for_a_mask_and_too_small_for_a_body_is_unclear(
    size_px: int, expected: Masking
) -> None:
    measured = np.zeros((2, 40, 40), np.bool_)
    measured[:, 5 : 5 + size_px, 5 : 5 + size_px] = True
    assert judge_masking(measured, 1.0) is expected


def test_half_a_body_with_a_large_hole_is_neither() -> None:
    measured = np.zeros((1, 40, 40), np.bool_)
    measured[:, 5:30, 5:30] = True
    measured[:, 10:20, 10:20] = False
    assert judge_masking(measured, 1.0) is Masking.UNCLEAR
