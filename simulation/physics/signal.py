"""Noise-free magnitude of the sequence, and the T2-weighted series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import smooth_noise
from simulation.anatomy.tissue import TISSUES, tissues_in
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.grid import Grid
    from simulation.planning.plan import Plan
    from simulation.types import Protocol

MAGNITUDE_GAIN: Final = 1.6
"""Scales the brightest tissue to about 1000 counts."""
EPI_GAIN: Final = 1.5
"""Signal of a spin echo of long repetition time relative to the gradient echo, before decay."""
UNSUPPRESSED_FAT: Final = 0.07
"""Share of the fat signal left by fat suppression."""
FAT_SHIFT_PPM: Final = 3.5
PROTON_MHZ_PER_T: Final = 42.58
HIGH_FIELD_T: Final = 2.0
T2_STAR_AT_3T: Final = 1.7
"""Ratio of the T2* rate at 3 T to that at 1.5 T."""
IRON_T2_SHARE: Final = 0.12
"""Share of iron's additional T2* decay that a spin echo does not refocus."""
PHASE_PER_UM: Final = 0.06
"""Motion-encoding efficiency, rad per micrometre of displacement."""


def ideal_magnitude(
    rng: np.random.Generator, plan: Plan, tissue: NDArray[np.uint8], liver_t2_star_ms: float
) -> NDArray[np.float32]:
    """Return the noise-free magnitude of a gradient echo or fat-suppressed spin-echo EPI, (S, R, C) float32 counts.

    `liver_t2_star_ms` is at 1.5 T; slices with a T2* of their own deviate from it.
    """
    protocol, fat_fraction = plan.protocol, plan.parameters.fat_fraction
    signal = np.zeros(len(Tissue), np.float32)
    for label, row in tissues_in(tissue).items():
        t2_star = liver_t2_star_ms if label == Tissue.LIVER else rng.uniform(*row.t2_star_ms)
        start = MAGNITUDE_GAIN * rng.uniform(*row.gre_signal)
        signal[label] = start * _decay(label, t2_star, protocol)
    if fat_fraction > 0.0:
        signal[Tissue.LIVER] *= _fat_and_water(fat_fraction, protocol)
    image = signal[tissue] * _texture(rng, tissue, 0.06)
    usual = _decay(Tissue.LIVER, liver_t2_star_ms, protocol)
    for level, t2_star in enumerate(each.liver_t2_star_ms for each in plan.slice_parameters):
        if t2_star not in {0.0, liver_t2_star_ms}:
            image[level][tissue[level] == Tissue.LIVER] *= _decay(Tissue.LIVER, t2_star, protocol) / usual
    # Smoothing stands for partial volume.
    image = ndimage.gaussian_filter(image, (0.0, 0.6, 0.6)) * _coil_shading(rng, plan.grid)
    if protocol.sequence == "epi":
        return np.asarray(image, np.float32)
    return np.asarray(image * _air_dropout(tissue), np.float32)


def _decay(label: Tissue, t2_star_ms: float, protocol: Protocol) -> float:
    """Return the signal at the echo time relative to the gradient echo's initial signal."""
    if protocol.sequence == "gre":
        faster = T2_STAR_AT_3T if protocol.field_t > HIGH_FIELD_T else 1.0
        return float(np.exp(-protocol.echo_time_ms * faster / t2_star_ms))
    rate = 1.0 / TISSUES[label].t2_ms
    if label == Tissue.LIVER:
        rate += IRON_T2_SHARE * max(1.0 / t2_star_ms - 1.0 / TISSUES[Tissue.LIVER].t2_star_ms[0], 0.0)
    left = UNSUPPRESSED_FAT if label in {Tissue.SUBCUTANEOUS_FAT, Tissue.VISCERAL_FAT} else 1.0
    return float(EPI_GAIN * left * np.exp(-protocol.echo_time_ms * rate))


def _fat_and_water(fat_fraction: float, protocol: Protocol) -> float:
    """Return the factor of fat on the liver's signal: in a gradient echo it interferes with water."""
    if protocol.sequence == "epi":
        return 1.0 - fat_fraction * (1.0 - UNSUPPRESSED_FAT)
    turns = FAT_SHIFT_PPM * PROTON_MHZ_PER_T * protocol.field_t * protocol.echo_time_ms * 1e-3
    # In a T1-weighted gradient echo, fat is brighter than water of equal proton density (`tissue.TISSUES`).
    return float(abs(1.0 - fat_fraction + 1.4 * fat_fraction * np.exp(2j * np.pi * turns)))


def t2_weighted(rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], stage: str) -> NDArray[np.float32]:
    """Return the T2-weighted series (S, R, C) float32, arbitrary units; the liver's texture coarsens with the stage."""
    signal = np.zeros(len(Tissue), np.float32)
    for label, row in tissues_in(tissue).items():
        signal[label] = rng.uniform(*row.t2_signal)
    image = signal[tissue] * _texture(rng, tissue, 0.05)
    coarseness = {"F0": 0.01, "F1": 0.02, "F2": 0.03, "F3": 0.05, "F4": 0.08}[stage] * rng.uniform(0.6, 1.4)
    nodules = ndimage.gaussian_filter(rng.standard_normal(tissue.shape, dtype=np.float32), (0.0, 1.6, 1.6))
    nodules *= np.float32(coarseness) / nodules.std()
    image = np.where(tissue == Tissue.LIVER, image * (1.0 + nodules), image).astype(np.float32)
    image = ndimage.gaussian_filter(image, (0.0, 0.5, 0.5)) * _coil_shading(rng, grid)
    grain = rng.normal(0.0, rng.uniform(6.0, 14.0), (2, *tissue.shape)).astype(np.float32)
    return np.asarray(np.hypot(image + grain[0], grain[1]), np.float32)


def _texture(rng: np.random.Generator, tissue: NDArray[np.uint8], spread: float) -> NDArray[np.float32]:
    grain = ndimage.gaussian_filter(rng.standard_normal(tissue.shape, dtype=np.float32), (0.0, 1.0, 1.0))
    grain *= np.float32(spread) / grain.std()
    gut = (tissue == Tissue.STOMACH) | (tissue == Tissue.BOWEL)
    return np.asarray(1.0 + np.where(gut, 2.5 * grain, grain), np.float32)


def _coil_shading(rng: np.random.Generator, grid: Grid) -> NDArray[np.float32]:
    """Return the sensitivity of the surface coils, higher near the skin."""
    x, y, _ = grid.axes()
    rim = (x / np.float32(165.0)) ** 2 + (y / np.float32(115.0)) ** 2
    uneven = np.exp(np.float32(rng.uniform(0.08, 0.22)) * smooth_noise(rng, grid, (300.0, 700.0)))
    return np.asarray(uneven * (np.float32(0.82) + np.float32(rng.uniform(0.1, 0.35)) * np.clip(rim, 0.0, 1.4)))


def _air_dropout(tissue: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the signal factor near the lungs, whose susceptibility dephases a gradient echo."""
    lung = ndimage.gaussian_filter((tissue == Tissue.LUNG).astype(np.float32), (0.4, 3.0, 3.0))
    return np.asarray(np.exp(np.float32(-1.5) * lung))
