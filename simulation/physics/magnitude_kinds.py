"""Kinds of magnitude image beside the plain one: other contrasts, strong coil shading, and artefacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import smooth_noise
from simulation.types import Tissue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from simulation.grid import Grid

    Change = Callable[[np.random.Generator, NDArray[np.float32], NDArray[np.uint8], Grid], NDArray[np.float32]]

_FAT: Final = (Tissue.SUBCUTANEOUS_FAT, Tissue.VISCERAL_FAT)
_FLOWING: Final = (Tissue.AORTA, Tissue.VENA_CAVA)


def _plain(
    rng: np.random.Generator, magnitude: NDArray[np.float32], tissue: NDArray[np.uint8], grid: Grid
) -> NDArray[np.float32]:
    del rng, tissue, grid
    return magnitude


def _contrast(
    rng: np.random.Generator, magnitude: NDArray[np.float32], tissue: NDArray[np.uint8], grid: Grid
) -> NDArray[np.float32]:
    """Return another weighting: tissues brighter or darker, fat from suppressed to bright, opposed-phase borders."""
    del grid
    gain = np.exp(rng.normal(0.0, 0.25, len(Tissue))).astype(np.float32)
    gain[list(_FAT)] = rng.uniform(0.1, 1.5)
    changed = magnitude * ndimage.gaussian_filter(gain[tissue], (0.0, 0.7, 0.7))
    if rng.random() < 0.35:  # noqa: PLR2004 - share of opposed-phase echoes
        fat = np.isin(tissue, _FAT).astype(np.float32)
        share = ndimage.gaussian_filter(fat, (0.0, 0.8, 0.8))
        changed = changed * np.abs(1.0 - 1.6 * np.minimum(share, 1.0 - share))
    return np.asarray(changed, np.float32)


def _shading(
    rng: np.random.Generator, magnitude: NDArray[np.float32], tissue: NDArray[np.uint8], grid: Grid
) -> NDArray[np.float32]:
    """Return strong coil shading: signal falls with depth below surface coils, to a third or less in the middle."""
    inside = tissue != Tissue.AIR
    depth_mm = np.stack([ndimage.distance_transform_edt(level) for level in inside]) * grid.pixel_mm[1]
    fall = np.exp(-depth_mm / rng.uniform(60.0, 140.0))
    x, y, _ = grid.axes()
    tilt = 1.0 + rng.uniform(-0.35, 0.35) * y / 120.0 + rng.uniform(-0.35, 0.35) * x / 170.0
    uneven = np.exp(0.15 * smooth_noise(rng, grid, (120.0, 300.0)))
    return np.asarray(magnitude * fall * np.clip(tilt, 0.3, 2.0) * uneven, np.float32)


def _artefacts(
    rng: np.random.Generator, magnitude: NDArray[np.float32], tissue: NDArray[np.uint8], grid: Grid
) -> NDArray[np.float32]:
    """Return ghosts of flowing blood and of breathing, a zipper line, or wrap-around of the body's sides."""
    changed = magnitude.copy()
    rows = magnitude.shape[1]
    bright = float(np.percentile(magnitude, 99.0))
    if rng.random() < 0.7:  # noqa: PLR2004 - share with ghosts
        flowing = np.isin(tissue, _FLOWING).astype(np.float32) * rng.uniform(0.2, 0.8) * bright
        step = int(rng.uniform(0.12, 0.3) * rows)
        for turn in (-2, -1, 1, 2):
            ghost = np.roll(flowing, turn * step, axis=1) + 0.06 * np.roll(magnitude, turn * step, axis=1)
            changed += (0.6 ** abs(turn) * ghost).astype(np.float32)
    if rng.random() < 0.3:  # noqa: PLR2004 - share with a zipper
        column = int(rng.integers(0, magnitude.shape[2]))
        dots = rng.random(magnitude.shape[:2]).astype(np.float32) * bright * rng.uniform(0.3, 0.9)
        changed[:, :, column] += dots
    if rng.random() < 0.3:  # noqa: PLR2004 - share with wrap-around
        width = int(rng.uniform(0.03, 0.10) * magnitude.shape[2])
        changed[:, :, :width] += 0.7 * magnitude[:, :, -width:]
        changed[:, :, -width:] += 0.7 * magnitude[:, :, :width]
    del grid
    return changed


KINDS: Final[Mapping[str, Change]] = {
    "plain": _plain,
    "contrast": _contrast,
    "shading": _shading,
    "artefacts": _artefacts,
}
"""Change of the measured magnitude (S, R, C); the phase is that of the plain image."""
