"""What disease adds to a painted abdomen: fluid around the liver and focal lesions in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.shapes import Grid, ellipsoid, smooth_noise
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

LESION_RADIUS_MM: Final = (5.0, 17.0)
BARE_AREA: Final = 0.35
"""Part of the cavity's half depth behind which the liver is attached and no fluid gathers."""


def add_ascites(
    rng: np.random.Generator,
    grid: Grid,
    tissue: NDArray[np.uint8],
    cavity: NDArray[np.bool_],
    thickness_mm: float,
) -> None:
    """Put fluid between the abdominal wall and the organs, and into the fat next to the liver, in place.

    Fluid gathers beside and before the liver; at its bare area behind there is none.

    Parameters
    ----------
    tissue : (S, R, C) labels, changed in place
    cavity : (S, R, C) abdominal cavity
    thickness_mm : mean thickness of the rim
    """
    spacing = (float(grid.y_mm[1] - grid.y_mm[0]), float(grid.x_mm[1] - grid.x_mm[0]))
    _, y, _ = grid.axes()
    extent = float(np.abs(grid.y_mm).max())
    uneven = np.clip(1.0 + 0.5 * smooth_noise(rng, grid, (60.0, 200.0)), 0.0, 2.2)
    room = thickness_mm * uneven * (y < BARE_AREA * extent)
    for level, labels in enumerate(tissue):
        if not cavity[level].any():
            continue
        from_wall = ndimage.distance_transform_edt(cavity[level], sampling=spacing)
        displaced = np.isin(labels, (Tissue.LIVER, Tissue.LIVER_VESSEL, Tissue.VISCERAL_FAT, Tissue.SPLEEN))
        fluid = cavity[level] & displaced & (from_wall < room[level])
        liver = np.isin(labels, LIVER_TISSUES) & ~fluid
        if liver.any():
            from_liver = ndimage.distance_transform_edt(~liver, sampling=spacing)
            fluid |= (labels == Tissue.VISCERAL_FAT) & (from_liver < 0.7 * room[level])
        labels[fluid] = Tissue.ASCITES


def add_lesions(
    rng: np.random.Generator, grid: Grid, tissue: NDArray[np.uint8], *, solid: int = 0, cystic: int = 0
) -> None:
    """Put round lesions anywhere in the liver, in place.

    Parameters
    ----------
    tissue : (S, R, C) labels, changed in place
    solid : number of stiff lesions
    cystic : number of fluid-filled cysts
    """
    for label in (Tissue.LESION,) * solid + (Tissue.CYST,) * cystic:
        places = np.argwhere(tissue == Tissue.LIVER)
        if places.size == 0:
            return
        level, row, column = places[rng.integers(len(places))]
        centre = (float(grid.x_mm[column]), float(grid.y_mm[row]), float(grid.z_mm[level]))
        radius = float(rng.uniform(*LESION_RADIUS_MM))
        radii = (radius * rng.uniform(0.8, 1.25), radius * rng.uniform(0.8, 1.25), radius)
        shape = ellipsoid(grid, centre, radii, float(rng.uniform(-1.5, 1.5)))
        tissue[(shape > 0.0) & np.isin(tissue, (Tissue.LIVER, Tissue.LIVER_VESSEL))] = label
