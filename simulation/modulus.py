"""Complex shear modulus of a simulated patient: tissue values, heterogeneity and fibrotic patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.tissue import TISSUES, storage_modulus_kpa
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.shapes import Grid

CORRELATION_MM: Final = 6.0
"""SD of the Gaussian that shapes the heterogeneity: blobs of about 1-2 cm."""


@dataclass(frozen=True, slots=True)
class ModulusMap:
    """Modulus used in the wave equation.

    Attributes
    ----------
    modulus_pa : (S, R, C) complex128, G' + iG''; 0 in air
    stiffness_kpa : (S, R, C) float32, 2|G|^2/(G'+|G|); 0 in air
    """

    modulus_pa: NDArray[np.complex128]
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
) -> ModulusMap:
    """Return the modulus of one patient.

    Parameters
    ----------
    tissue : (S, R, C) labels
    liver_stiffness_kpa : mean stiffness the parenchyma shall have
    stage : METAVIR stage; F3 and F4 livers are patchier
    """
    spacing = (_step(grid.z_mm), _step(grid.y_mm), _step(grid.x_mm))
    noise = blotches(rng, grid.shape, spacing, CORRELATION_MM)
    values = np.zeros(len(Tissue))
    losses = np.zeros(len(Tissue))
    spread = np.zeros(len(Tissue))
    for label, row in TISSUES.items():
        values[label], losses[label] = row.stiffness_kpa.draw(rng), row.loss_ratio.draw(rng)
        spread[label] = row.heterogeneity * rng.uniform(0.75, 1.35)
    values[Tissue.LIVER] = 1.0
    relative = np.exp(spread[tissue] * np.clip(noise, -2.5, 2.5))
    if stage in {"F3", "F4"}:
        patches = blotches(rng, grid.shape, spacing, rng.uniform(9.0, 14.0))
        patchy = 1.0 + rng.uniform(0.05, 0.16) * np.clip(patches, -2.0, 2.0)
        relative = np.where(tissue == Tissue.LIVER, relative * patchy, relative)
    stiffness = values[tissue] * relative
    parenchyma = tissue == Tissue.LIVER
    if parenchyma.any():
        stiffness[parenchyma] *= liver_stiffness_kpa / stiffness[parenchyma].mean()
    loss = losses[tissue]
    storage_pa = 1000.0 * storage_modulus_kpa(stiffness, loss)
    return ModulusMap(storage_pa * (1.0 + 1j * loss), stiffness.astype(np.float32))


def _step(centres_mm: NDArray[np.float32]) -> float:
    """Return the distance between neighbours; 10 mm where there is only one."""
    return float(abs(centres_mm[1] - centres_mm[0])) if centres_mm.size > 1 else 10.0
