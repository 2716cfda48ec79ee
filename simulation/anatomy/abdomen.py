"""Random upper abdomen: one 3-D patient, sampled at the levels of the slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.liver_changes import add_ascites, add_lesions
from simulation.anatomy.organs import paint_organs
from simulation.anatomy.painter import Painter
from simulation.anatomy.shapes import smooth_noise
from simulation.grid import Grid
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulation.planning.body import Body
    from simulation.planning.parameters import ExamParameters

MIN_LIVER_PIECE_PX: Final = 80
"""Smaller pieces of liver are not outlined by a reader."""


def build_abdomen(
    rng: np.random.Generator, grid: Grid, body: Body, stage: str, parameters: ExamParameters
) -> NDArray[np.uint8]:
    """Return the labels of a random patient, (S, R, C) uint8, values of `Tissue`.

    The level z = 0 is about that of the liver's hilum. `body` was drawn by `draw_body` from the same generator.
    """
    local = Grid(
        (grid.x_mm - np.float32(body.centre_mm[0])).astype(np.float32),
        (grid.y_mm - np.float32(body.centre_mm[1])).astype(np.float32),
        grid.z_mm,
    )
    tissue, cavity = _trunk(rng, local, body)
    painter = Painter(rng, local, tissue, cavity, *body.cavity_mm, parameters, cirrhotic=stage == "F4")
    paint_organs(painter)
    if parameters.ascites_mm > 0.0:
        add_ascites(painter)
    add_lesions(painter)
    _drop_liver_fragments(tissue)
    return tissue


def _trunk(rng: np.random.Generator, grid: Grid, body: Body) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return labels of subcutaneous fat, muscle wall and visceral fat, and the mask of the abdominal cavity."""
    x, y, z = grid.axes()
    narrowing = np.float32(1.0) - np.float32(rng.uniform(-4e-4, 8e-4)) * z
    radius = (
        np.abs(x / (body.half_mm[0] * narrowing)) ** body.exponent
        + np.abs(y / (body.half_mm[1] * narrowing)) ** body.exponent
    ) ** (1.0 / body.exponent)
    # The back is flattened: the patient lies on the table.
    radius = radius + 0.06 * np.clip(y / body.half_mm[1] - 0.75, 0.0, None)
    outline = radius + 0.014 * smooth_noise(rng, grid, (110.0, 280.0))
    inside = outline < 1.0
    # The trunk never touches the image's border, so that depth below the skin is defined everywhere.
    inside[:, :2, :] = inside[:, -2:, :] = inside[:, :, :2] = inside[:, :, -2:] = False
    angle = np.arctan2(y / body.half_mm[1], x / body.half_mm[0])
    side = 1.0 + rng.uniform(0.0, 0.35) * np.cos(angle) ** 2 + rng.uniform(-0.2, 0.4) * np.sin(angle)
    uneven = 1.0 + 0.15 * smooth_noise(rng, grid, (50.0, 160.0))
    fat_mm = body.fat_mm * side * uneven
    muscle_mm = body.muscle_mm * (1.0 + 0.22 * smooth_noise(rng, grid, (25.0, 90.0)))
    depth_mm = np.stack([ndimage.distance_transform_edt(level, sampling=grid.pixel_mm) for level in inside])
    cavity = depth_mm > fat_mm + muscle_mm
    tissue = np.full(grid.shape, Tissue.AIR, np.uint8)
    tissue[inside] = Tissue.SUBCUTANEOUS_FAT
    tissue[depth_mm > fat_mm] = Tissue.MUSCLE
    tissue[cavity] = Tissue.VISCERAL_FAT
    return tissue, cavity


def _drop_liver_fragments(tissue: NDArray[np.uint8]) -> None:
    """Relabel pieces of liver below `MIN_LIVER_PIECE_PX` as visceral fat, in place."""
    for level in tissue:
        liver = np.isin(level, LIVER_TISSUES)
        pieces, count = ndimage.label(liver)
        sizes = ndimage.sum_labels(liver, pieces, np.arange(1, count + 1))
        small = np.flatnonzero(np.asarray(sizes) < MIN_LIVER_PIECE_PX) + 1
        level[np.isin(pieces, small)] = Tissue.VISCERAL_FAT
