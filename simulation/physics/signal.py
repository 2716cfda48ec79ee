"""What the scanner would see without noise: magnitude and a T2-weighted series, and how it is set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import Grid, smooth_noise
from simulation.anatomy.tissue import T2_MS, TISSUES, tissues_in
from simulation.types import Protocol, Tissue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulation.planning.variety import Traits

STANDARD_PROTOCOL: Final = Protocol()
"""The GRE sequence of Su 2025 (doi 10.2196/80351)."""
MAGNITUDE_GAIN: Final = 1.6
"""Brings the brightest tissue to about 1000 counts."""
EPI_GAIN: Final = 1.5
"""Spin echoes of long repetition time start from more signal than the gradient echo."""
UNSUPPRESSED_FAT: Final = 0.07
"""Share of the fat signal that fat suppression leaves."""
FAT_SHIFT_PPM: Final = 3.5
PROTON_MHZ_PER_T: Final = 42.58
HIGH_FIELD_T: Final = 2.0
T2_STAR_AT_3T: Final = 1.7
"""Factor by which T2* decay is faster at 3 T than at 1.5 T."""
IRON_T2_SHARE: Final = 0.12
"""Part of iron's extra T2* decay that a spin echo does not refocus."""
PHASE_PER_UM: Final = 0.06
"""Motion encoding efficiency, rad per micrometre of displacement."""


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Parameters of one simulated scan.

    Attributes
    ----------
    offsets : number of phase offsets over one period
    phase_lines : acquired lines in row direction (the paper's matrix is 256 x 64)
    noise : SD of the complex noise per channel, in counts of magnitude
    amplitude_um : 90th percentile of the displacement within 12 cm of the driver
    liver_t2_star_ms : T2* of the liver; iron shortens it
    breathing_mm : SD of the shift between offsets
    read_columns : acquired points in column direction; 0 is all
    """

    offsets: int
    phase_lines: int
    noise: float
    amplitude_um: float
    liver_t2_star_ms: float
    breathing_mm: float
    read_columns: int = 0


def draw_scan(rng: np.random.Generator) -> ScanSettings:
    """Return the settings of one scan; about one patient in twelve has iron in the liver."""
    iron = rng.random() < 1.0 / 12.0
    return ScanSettings(
        offsets=4,
        phase_lines=int(rng.choice((64, 72, 80))),
        noise=float(rng.uniform(5.0, 11.0)),
        amplitude_um=float(np.exp(rng.uniform(np.log(17.0), np.log(42.0)))),
        liver_t2_star_ms=float(rng.uniform(9.0, 16.0) if iron else TISSUES[Tissue.LIVER].t2_star_ms.draw(rng)),
        breathing_mm=float(abs(rng.normal(0.0, 0.4))),
    )


def vary_scan(scan: ScanSettings, traits: Traits) -> ScanSettings:
    """Return the scan with the noise and the iron of the traits."""
    return replace(
        scan,
        noise=scan.noise * traits.noise_scale,
        liver_t2_star_ms=traits.liver_t2_star_ms or scan.liver_t2_star_ms,
    )


def at_resolution(rng: np.random.Generator, scan: ScanSettings, protocol: Protocol) -> ScanSettings:
    """Return the scan with as many lines and points as the protocol's sequence acquires."""
    gradient_echo = protocol.sequence == "gre"
    lines = (64, 72, 80, 96) if gradient_echo else (64, 80, 96)
    return replace(
        scan,
        phase_lines=min(int(rng.choice(lines)), protocol.rows),
        read_columns=min(256 if gradient_echo else 112, protocol.columns),
    )


def ideal_magnitude(
    rng: np.random.Generator,
    grid: Grid,
    tissue: NDArray[np.uint8],
    liver_t2_star_ms: float,
    protocol: Protocol = STANDARD_PROTOCOL,
    fat_fraction: float = 0.0,
    slice_t2_star_ms: Sequence[float] = (),
) -> NDArray[np.float32]:
    """Return the noise-free magnitude of a gradient echo, or of a fat-suppressed spin-echo EPI.

    Parameters
    ----------
    tissue : (S, R, C) labels
    liver_t2_star_ms : at 1.5 T
    protocol : sequence, field strength and echo time
    fat_fraction : of the liver
    slice_t2_star_ms : (S,) T2* of the liver in slices that differ from the others; 0 where they do not

    Returns
    -------
    (S, R, C) float32, counts
    """
    signal = np.zeros(len(Tissue), np.float32)
    for label, row in tissues_in(tissue).items():
        t2_star = liver_t2_star_ms if label == Tissue.LIVER else row.t2_star_ms.draw(rng)
        start = MAGNITUDE_GAIN * row.gre_signal.draw(rng)
        signal[label] = start * _decay(label, t2_star, protocol)
    if fat_fraction > 0.0:
        signal[Tissue.LIVER] *= _fat_and_water(fat_fraction, protocol)
    image = signal[tissue] * _texture(rng, tissue, 0.06)
    usual = _decay(Tissue.LIVER, liver_t2_star_ms, protocol)
    for level, t2_star in enumerate(slice_t2_star_ms):
        if t2_star not in {0.0, liver_t2_star_ms}:
            image[level][tissue[level] == Tissue.LIVER] *= _decay(Tissue.LIVER, t2_star, protocol) / usual
    image = _partial_volume(image, 0.6) * _coil_shading(rng, grid)
    if protocol.sequence == "epi":
        return np.asarray(image, np.float32)
    return np.asarray(image * _air_dropout(tissue), np.float32)


def _decay(label: Tissue, t2_star_ms: float, protocol: Protocol) -> float:
    """Return the signal left at the echo time, relative to the gradient echo's start."""
    if protocol.sequence == "gre":
        faster = T2_STAR_AT_3T if protocol.field_t > HIGH_FIELD_T else 1.0
        return float(np.exp(-protocol.echo_time_ms * faster / t2_star_ms))
    rate = 1.0 / T2_MS[label]
    if label == Tissue.LIVER:
        rate += IRON_T2_SHARE * max(1.0 / t2_star_ms - 1.0 / TISSUES[Tissue.LIVER].t2_star_ms.low, 0.0)
    left = UNSUPPRESSED_FAT if label in {Tissue.SUBCUTANEOUS_FAT, Tissue.VISCERAL_FAT} else 1.0
    return float(EPI_GAIN * left * np.exp(-protocol.echo_time_ms * rate))


def _fat_and_water(fat_fraction: float, protocol: Protocol) -> float:
    """Return how fat changes the liver's signal: it beats against water in a gradient echo."""
    if protocol.sequence == "epi":
        return 1.0 - fat_fraction * (1.0 - UNSUPPRESSED_FAT)
    turns = FAT_SHIFT_PPM * PROTON_MHZ_PER_T * protocol.field_t * protocol.echo_time_ms * 1e-3
    # Fat starts brighter than as many protons of water in a T1-weighted gradient echo (`tissue.TISSUES`).
    return float(abs(1.0 - fat_fraction + 1.4 * fat_fraction * np.exp(2j * np.pi * turns)))


def t2_weighted(rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], stage: str) -> NDArray[np.float32]:
    """Return the T2-weighted anatomy series: bright fluid and spleen, mid-grey liver.

    Parameters
    ----------
    stage : METAVIR stage; the liver's texture coarsens with it

    Returns
    -------
    (S, R, C) float32, arbitrary units
    """
    signal = np.zeros(len(Tissue), np.float32)
    for label, row in tissues_in(tissue).items():
        signal[label] = row.t2_signal.draw(rng)
    image = signal[tissue] * _texture(rng, tissue, 0.05)
    coarseness = {"F0": 0.01, "F1": 0.02, "F2": 0.03, "F3": 0.05, "F4": 0.08}[stage] * rng.uniform(0.6, 1.4)
    nodules = ndimage.gaussian_filter(rng.standard_normal(tissue.shape, dtype=np.float32), (0.0, 1.6, 1.6))
    nodules *= np.float32(coarseness) / nodules.std()
    image = np.where(tissue == Tissue.LIVER, image * (1.0 + nodules), image).astype(np.float32)
    image = _partial_volume(image, 0.5) * _coil_shading(rng, grid)
    grain = rng.normal(0.0, rng.uniform(6.0, 14.0), (2, *tissue.shape)).astype(np.float32)
    return np.asarray(np.hypot(image + grain[0], grain[1]), np.float32)


def _texture(rng: np.random.Generator, tissue: NDArray[np.uint8], spread: float) -> NDArray[np.float32]:
    grain = ndimage.gaussian_filter(rng.standard_normal(tissue.shape, dtype=np.float32), (0.0, 1.0, 1.0))
    grain *= np.float32(spread) / grain.std()
    # Gut content is far from uniform.
    gut = (tissue == Tissue.STOMACH) | (tissue == Tissue.BOWEL)
    return np.asarray(1.0 + np.where(gut, 2.5 * grain, grain), np.float32)


def _partial_volume(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(ndimage.gaussian_filter(image, (0.0, sigma_px, sigma_px)))


def _coil_shading(rng: np.random.Generator, grid: Grid) -> NDArray[np.float32]:
    """Return the sensitivity of the surface coils: higher near the skin, uneven across the body."""
    x, y, _ = grid.axes()
    rim = (x / np.float32(165.0)) ** 2 + (y / np.float32(115.0)) ** 2
    uneven = np.exp(np.float32(rng.uniform(0.08, 0.22)) * smooth_noise(rng, grid, (300.0, 700.0)))
    return np.asarray(uneven * (np.float32(0.82) + np.float32(rng.uniform(0.1, 0.35)) * np.clip(rim, 0.0, 1.4)))


def _air_dropout(tissue: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the signal left near the lungs, whose susceptibility dephases a gradient echo."""
    lung = ndimage.gaussian_filter((tissue == Tissue.LUNG).astype(np.float32), (0.4, 3.0, 3.0))
    return np.asarray(np.exp(np.float32(-1.5) * lung))
