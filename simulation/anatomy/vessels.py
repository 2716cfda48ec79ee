"""Vessels of the liver: hepatic veins and branches of the portal vein."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulation.anatomy.shapes import tube_mask
from simulation.types import Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.anatomy.painter import Painter


def add_liver_vessels(p: Painter, vena_cava_mm: tuple[float, float]) -> None:
    """Relabel liver voxels as vessels, in place.

    One to three hepatic veins run from the vena cava (x, y) to the front, one to three portal branches from the hilum.
    """
    rng, grid = p.rng, p.grid
    indices = np.argwhere(p.tissue == Tissue.LIVER)
    if indices.size == 0:
        return
    points = np.stack((grid.x_mm[indices[:, 2]], grid.y_mm[indices[:, 1]], grid.z_mm[indices[:, 0]]), axis=1)
    points = points.astype(np.float32)
    inside = np.zeros(len(points), bool)
    cava = np.array((vena_cava_mm[0], vena_cava_mm[1], rng.uniform(15.0, 45.0)))
    for heading in rng.permutation((-2.75, -2.0, -1.25))[: rng.integers(1, 4)]:
        inside |= _tree(p, points, cava, float(heading), p.half_width * rng.uniform(0.45, 0.7), -0.25)
    hilum = np.array((vena_cava_mm[0] - 5.0, vena_cava_mm[1] - 0.35 * p.half_depth, rng.uniform(-20.0, 15.0)))
    for heading in rng.permutation((3.0, -2.5, -0.9))[: rng.integers(1, 4)]:
        inside |= _tree(p, points, hilum, float(heading), p.half_width * rng.uniform(0.35, 0.6), 0.15)
    chosen = indices[inside]
    p.tissue[chosen[:, 0], chosen[:, 1], chosen[:, 2]] = Tissue.LIVER_VESSEL


def _tree(
    p: Painter,
    points_mm: NDArray[np.float32],
    root_mm: NDArray[np.float64],
    heading_rad: float,
    length_mm: float,
    rise: float,
) -> NDArray[np.bool_]:
    """Return which points (P, 3) lie in a curved vessel with a bifurcation at its end."""
    rng, inside = p.rng, np.zeros(len(points_mm), bool)
    angle = heading_rad + rng.normal(0.0, 0.2)
    width = rng.uniform(3.0, 6.0) * p.parameters.vessel_scale
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
