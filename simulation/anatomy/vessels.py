"""Vessels of the liver: hepatic veins and branches of the portal vein."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulation.anatomy.shapes import tube_mask
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.grid import Grid


def add_liver_vessels(
    rng: np.random.Generator,
    grid: Grid,
    tissue: NDArray[np.uint8],
    cavity_mm: tuple[float, float],
    vena_cava_mm: tuple[float, float],
    width_scale: float = 1.0,
) -> None:
    """Relabel liver voxels as vessels, in place.

    One to three hepatic veins run from the vena cava to the front, one to three portal branches from the hilum.

    Parameters
    ----------
    tissue : (S, R, C) labels, changed in place
    cavity_mm : half width and half depth of the abdominal cavity
    vena_cava_mm : (x, y) of the vena cava
    width_scale : width relative to the standard
    """
    half_width, half_depth = cavity_mm
    indices = np.argwhere(tissue == Tissue.LIVER)
    if indices.size == 0:
        return
    points = np.stack((grid.x_mm[indices[:, 2]], grid.y_mm[indices[:, 1]], grid.z_mm[indices[:, 0]]), axis=1).astype(
        np.float32
    )
    inside = np.zeros(len(points), bool)
    cava = np.array((vena_cava_mm[0], vena_cava_mm[1], rng.uniform(15.0, 45.0)))
    for heading in rng.permutation((-2.75, -2.0, -1.25))[: rng.integers(1, 4)]:
        inside |= _tree(rng, points, cava, float(heading), half_width * rng.uniform(0.45, 0.7), -0.25, width_scale)
    hilum = np.array((vena_cava_mm[0] - 5.0, vena_cava_mm[1] - 0.35 * half_depth, rng.uniform(-20.0, 15.0)))
    for heading in rng.permutation((3.0, -2.5, -0.9))[: rng.integers(1, 4)]:
        inside |= _tree(rng, points, hilum, float(heading), half_width * rng.uniform(0.35, 0.6), 0.15, width_scale)
    chosen = indices[inside]
    tissue[chosen[:, 0], chosen[:, 1], chosen[:, 2]] = Tissue.LIVER_VESSEL


def _tree(
    rng: np.random.Generator,
    points_mm: NDArray[np.float32],
    root_mm: NDArray[np.float64],
    heading_rad: float,
    length_mm: float,
    rise: float,
    width_scale: float,
) -> NDArray[np.bool_]:
    """Return which points (P, 3) lie in a curved vessel with a bifurcation at its end."""
    inside = np.zeros(len(points_mm), bool)
    angle = heading_rad + rng.normal(0.0, 0.2)
    width = rng.uniform(3.0, 6.0) * width_scale
    start = root_mm
    for part in range(3):
        angle += rng.normal(0.0, 0.2)
        end = start + _step(angle, length_mm / 3.0, rise + rng.normal(0.0, 0.15))
        taper = (width * (1.0 - 0.18 * part), width * (0.82 - 0.18 * part))
        inside |= tube_mask(points_mm, start, end, taper)
        start = end
    for turn in (rng.uniform(0.35, 0.8), -rng.uniform(0.35, 0.8)):
        end = start + _step(angle + turn, length_mm * rng.uniform(0.25, 0.5), rng.normal(0.0, 0.3))
        inside |= tube_mask(points_mm, start, end, (width * 0.45, 1.5))
    return inside


def _step(angle_rad: float, length_mm: float, rise: float) -> NDArray[np.float64]:
    return length_mm * np.array((np.cos(angle_rad), np.sin(angle_rad), rise))
