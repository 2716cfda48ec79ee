"""Complex shear modulus of a patient: tissue values, heterogeneity and fibrotic patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.tissue import tissues_in
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.grid import Grid
    from simulation.planning.plan import Plan

CAPSULE_MM: Final = 6.0
"""Decay length of the stiffening below the capsule."""
LOSS_LIMITS: Final = (0.04, 1.4)
MIN_STEP_MM: Final = 3.0


@dataclass(frozen=True, slots=True)
class ModulusMap:
    """Modulus of the wave equation."""

    modulus_pa: NDArray[np.complex128]  # (S, R, C), G' + iG''; 0 in air
    loss_ratio: NDArray[np.float64]  # (S, R, C), G''/G'
    stiffness_kpa: NDArray[np.float32]  # (S, R, C), 2|G|^2/(G'+|G|); 0 in air


def smoothed_noise(
    rng: np.random.Generator, shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], scale_mm: float
) -> NDArray[np.float32]:
    """Return Gaussian noise (S, R, C) of unit variance, smoothed by a Gaussian of SD `scale_mm`.

    `spacing_mm` is the distance of slices, rows and columns.
    """
    sigmas = [scale_mm / step for step in spacing_mm]
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigmas, mode="wrap")
    return np.asarray(noise / (noise.std() + 1e-12), np.float32)


def draw_modulus(rng: np.random.Generator, plan: Plan, tissue: NDArray[np.uint8]) -> ModulusMap:
    """Return the modulus of one patient with labels (S, R, C); F3 and F4 livers are patchy."""
    grid, parameters = plan.grid, plan.parameters
    spacing = _spacing(grid)
    noise = smoothed_noise(rng, grid.shape, spacing, parameters.grain_mm)
    values = np.zeros(len(Tissue))
    losses = np.zeros(len(Tissue))
    spread = np.zeros(len(Tissue))
    for label, row in tissues_in(tissue).items():
        values[label], losses[label] = rng.uniform(*row.stiffness_kpa), rng.uniform(*row.loss_ratio)
        spread[label] = row.heterogeneity * rng.uniform(0.75, 1.35)
    values[Tissue.LIVER] = 1.0
    spread[Tissue.LIVER] *= parameters.heterogeneity_scale
    relative = np.exp(spread[tissue] * np.clip(noise, -2.5, 2.5))
    if plan.stage in {"F3", "F4"}:
        patches = smoothed_noise(rng, grid.shape, spacing, rng.uniform(9.0, 14.0))
        patchy = 1.0 + rng.uniform(0.05, 0.16) * np.clip(patches, -2.0, 2.0)
        relative = np.where(tissue == Tissue.LIVER, relative * patchy, relative)
    relative = _uneven_liver(rng, plan, tissue, relative)
    stiffness = values[tissue] * relative
    parenchyma = tissue == Tissue.LIVER
    if parenchyma.any():
        stiffness[parenchyma] *= plan.liver_stiffness_kpa / stiffness[parenchyma].mean()
    loss = losses[tissue]
    storage_pa = 1000.0 * storage_modulus_kpa(stiffness, loss)
    return ModulusMap(storage_pa * (1.0 + 1j * loss), loss, stiffness.astype(np.float32))


def rescale_loss(modulus: ModulusMap, level: int, scale: float) -> NDArray[np.complex128]:
    """Return the modulus (R, C) of one slice with G''/G' scaled and clipped, at unchanged stiffness."""
    if scale == 1.0:
        return np.asarray(modulus.modulus_pa[level])
    loss = np.clip(scale * modulus.loss_ratio[level], *LOSS_LIMITS)
    storage_pa = 1000.0 * storage_modulus_kpa(modulus.stiffness_kpa[level].astype(np.float64), loss)
    return np.asarray(storage_pa * (1.0 + 1j * loss))


def storage_modulus_kpa(stiffness_kpa: NDArray[np.float64], loss_ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return G' such that 2|G|^2/(G'+|G|) with G = G'(1 + i*loss_ratio) equals the stiffness."""
    modulus = np.sqrt(1.0 + loss_ratio**2)
    return np.asarray(stiffness_kpa * (1.0 + modulus) / (2.0 * modulus**2))


def _uneven_liver(
    rng: np.random.Generator, plan: Plan, tissue: NDArray[np.uint8], relative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the relative stiffness with patches, a stiff capsule and a gradient across the liver."""
    grid, parameters = plan.grid, plan.parameters
    spacing = _spacing(grid)
    change = np.ones(tissue.shape)
    if parameters.patchiness > 0.0:
        patches = smoothed_noise(rng, grid.shape, spacing, rng.uniform(8.0, 16.0))
        change *= 1.0 + parameters.patchiness * np.clip(patches, -2.0, 2.0)
    if parameters.capsule > 0.0:
        organ = np.isin(tissue, LIVER_TISSUES)
        depth_mm = np.stack([ndimage.distance_transform_edt(level, sampling=spacing[1:]) for level in organ])
        change *= 1.0 + parameters.capsule * np.exp(-depth_mm / CAPSULE_MM)
    if parameters.gradient != 0.0:
        change *= 1.0 + parameters.gradient * np.clip((grid.axes()[0] + 50.0) / 100.0, -1.0, 1.5)
    return np.where(tissue == Tissue.LIVER, relative * change, relative)


def _spacing(grid: Grid) -> tuple[float, float, float]:
    """Return the distance of slices, rows and columns.

    Slices are taken as 10 mm apart if there is one only, or if their breath-holds brought the first two together.
    """
    apart = abs(float(grid.z_mm[1] - grid.z_mm[0])) if grid.z_mm.size > 1 else 0.0
    between = apart if apart >= MIN_STEP_MM else 10.0
    return between, *grid.pixel_mm
