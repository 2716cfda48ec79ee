"""Complex shear modulus of a simulated patient: tissue values, heterogeneity and fibrotic patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.tissue import storage_modulus_kpa, tissues_in
from simulation.planning.variety import Traits
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.anatomy.shapes import Grid

STANDARD_TRAITS: Final = Traits()
CAPSULE_MM: Final = 6.0
"""Depth over which the stiffening under the capsule fades."""
LOSS_LIMITS: Final = (0.04, 1.4)
MIN_STEP_MM: Final = 3.0


@dataclass(frozen=True, slots=True)
class ModulusMap:
    """Modulus used in the wave equation.

    Attributes
    ----------
    modulus_pa : (S, R, C) complex128, G' + iG''; 0 in air
    loss_ratio : (S, R, C) float64, G''/G'
    stiffness_kpa : (S, R, C) float32, 2|G|^2/(G'+|G|); 0 in air
    """

    modulus_pa: NDArray[np.complex128]
    loss_ratio: NDArray[np.float64]
    stiffness_kpa: NDArray[np.float32]


def blotches(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    scale_mm: float,
) -> NDArray[np.float32]:
    """Return Gaussian noise of unit variance, smooth over `scale_mm` in all three directions.

    Parameters
    ----------
    shape : (S, R, C)
    spacing_mm : distance between slices, rows and columns
    scale_mm : SD of the smoothing Gaussian
    """
    sigmas = [scale_mm / step for step in spacing_mm]
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigmas, mode="wrap")
    return np.asarray(noise / (noise.std() + 1e-12), np.float32)


def draw_modulus(
    rng: np.random.Generator,
    grid: Grid,
    tissue: NDArray[np.uint8],
    liver_stiffness_kpa: float,
    stage: str,
    traits: Traits = STANDARD_TRAITS,
) -> ModulusMap:
    """Return the modulus of one patient.

    Parameters
    ----------
    tissue : (S, R, C) labels
    liver_stiffness_kpa : mean stiffness the parenchyma shall have
    stage : METAVIR stage; F3 and F4 livers are patchier
    traits : heterogeneity, patches, capsule and gradient of the liver
    """
    spacing = _spacing(grid)
    noise = blotches(rng, grid.shape, spacing, traits.grain_mm)
    values = np.zeros(len(Tissue))
    losses = np.zeros(len(Tissue))
    spread = np.zeros(len(Tissue))
    for label, row in tissues_in(tissue).items():
        values[label], losses[label] = row.stiffness_kpa.draw(rng), row.loss_ratio.draw(rng)
        spread[label] = row.heterogeneity * rng.uniform(0.75, 1.35)
    values[Tissue.LIVER] = 1.0
    spread[Tissue.LIVER] *= traits.heterogeneity_scale
    relative = np.exp(spread[tissue] * np.clip(noise, -2.5, 2.5))
    if stage in {"F3", "F4"}:
        patches = blotches(rng, grid.shape, spacing, rng.uniform(9.0, 14.0))
        patchy = 1.0 + rng.uniform(0.05, 0.16) * np.clip(patches, -2.0, 2.0)
        relative = np.where(tissue == Tissue.LIVER, relative * patchy, relative)
    relative = _uneven_liver(rng, grid, tissue, relative, traits)
    stiffness = values[tissue] * relative
    parenchyma = tissue == Tissue.LIVER
    if parenchyma.any():
        stiffness[parenchyma] *= liver_stiffness_kpa / stiffness[parenchyma].mean()
    loss = losses[tissue]
    storage_pa = 1000.0 * storage_modulus_kpa(stiffness, loss)
    return ModulusMap(storage_pa * (1.0 + 1j * loss), loss, stiffness.astype(np.float32))


def rescale_loss(modulus: ModulusMap, level: int, scale: float) -> NDArray[np.complex128]:
    """Return the modulus (R, C) of one slice with G''/G' scaled and kept plausible; the stiffness stays."""
    if scale == 1.0:
        return np.asarray(modulus.modulus_pa[level])
    loss = np.clip(scale * modulus.loss_ratio[level], *LOSS_LIMITS)
    storage_pa = 1000.0 * storage_modulus_kpa(modulus.stiffness_kpa[level].astype(np.float64), loss)
    return np.asarray(storage_pa * (1.0 + 1j * loss))


def _uneven_liver(
    rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], relative: NDArray[np.float64], traits: Traits
) -> NDArray[np.float64]:
    """Return the relative stiffness with patches, a stiffer capsule and a gradient across the liver."""
    spacing = _spacing(grid)
    change = np.ones(tissue.shape)
    if traits.patchiness > 0.0:
        patches = blotches(rng, grid.shape, spacing, rng.uniform(8.0, 16.0))
        change *= 1.0 + traits.patchiness * np.clip(patches, -2.0, 2.0)
    if traits.capsule > 0.0:
        organ = np.isin(tissue, LIVER_TISSUES)
        depth_mm = np.stack([ndimage.distance_transform_edt(level, sampling=spacing[1:]) for level in organ])
        change *= 1.0 + traits.capsule * np.exp(-depth_mm / CAPSULE_MM)
    if traits.gradient != 0.0:
        change *= 1.0 + traits.gradient * np.clip((grid.axes()[0] + 50.0) / 100.0, -1.0, 1.5)
    return np.where(tissue == Tissue.LIVER, relative * change, relative)


def _spacing(grid: Grid) -> tuple[float, float, float]:
    """Return the distance between slices, rows and columns.

    Slices count as 10 mm apart where there is only one, or where breath-holds brought the first two together.
    """
    apart = abs(float(grid.z_mm[1] - grid.z_mm[0])) if grid.z_mm.size > 1 else 0.0
    between = apart if apart >= MIN_STEP_MM else 10.0
    return between, float(grid.y_mm[1] - grid.y_mm[0]), float(grid.x_mm[1] - grid.x_mm[0])
