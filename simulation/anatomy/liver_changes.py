"""Disease of the liver: ascites, focal lesions and cysts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import ellipsoid, smooth_noise
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from simulation.anatomy.painter import Painter

LESION_RADIUS_MM: Final = (5.0, 17.0)
BARE_AREA: Final = 0.35
"""Fraction of the largest y behind which the liver is attached (bare area) and no fluid collects."""


def add_ascites(p: Painter) -> None:
    """Add fluid between abdominal wall and organs and in the fat next to the liver, in place."""
    grid, cavity = p.grid, p.cavity
    _, y, _ = grid.axes()
    extent = float(np.abs(grid.y_mm).max())
    uneven = np.clip(1.0 + 0.5 * smooth_noise(p.rng, grid, (60.0, 200.0)), 0.0, 2.2)
    layer_mm = p.parameters.ascites_mm * uneven * (y < BARE_AREA * extent)
    for level, labels in enumerate(p.tissue):
        if not cavity[level].any():
            continue
        from_wall = ndimage.distance_transform_edt(cavity[level], sampling=grid.pixel_mm)
        displaced = np.isin(labels, (Tissue.LIVER, Tissue.LIVER_VESSEL, Tissue.VISCERAL_FAT, Tissue.SPLEEN))
        fluid = cavity[level] & displaced & (from_wall < layer_mm[level])
        liver = np.isin(labels, LIVER_TISSUES) & ~fluid
        if liver.any():
            from_liver = ndimage.distance_transform_edt(~liver, sampling=grid.pixel_mm)
            fluid |= (labels == Tissue.VISCERAL_FAT) & (from_liver < 0.7 * layer_mm[level])
        labels[fluid] = Tissue.ASCITES


def add_lesions(p: Painter) -> None:
    """Add round lesions, stiff ones and cysts, at random positions in the liver, in place."""
    rng, grid, tissue = p.rng, p.grid, p.tissue
    for label in (Tissue.LESION,) * int(p.parameters.lesions) + (Tissue.CYST,) * int(p.parameters.cysts):
        places = np.argwhere(tissue == Tissue.LIVER)
        if places.size == 0:
            return
        level, row, column = places[rng.integers(len(places))]
        centre = (float(grid.x_mm[column]), float(grid.y_mm[row]), float(grid.z_mm[level]))
        radius = float(rng.uniform(*LESION_RADIUS_MM))
        radii = (radius * rng.uniform(0.8, 1.25), radius * rng.uniform(0.8, 1.25), radius)
        shape = ellipsoid(grid, centre, radii, float(rng.uniform(-1.5, 1.5)))
        tissue[(shape > 0.0) & np.isin(tissue, (Tissue.LIVER, Tissue.LIVER_VESSEL))] = label
