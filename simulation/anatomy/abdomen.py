"""Random upper abdomen: one consistent 3-D patient cut at the levels of the slices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.liver_changes import add_ascites, add_lesions
from simulation.anatomy.organs import paint_organs
from simulation.anatomy.shapes import Grid, smooth_noise
from simulation.planning.variety import Traits
from simulation.types import LIVER_TISSUES, Tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_LIVER_PIECE_PX: Final = 80
STANDARD_TRAITS: Final = Traits()


@dataclass(frozen=True, slots=True)
class Body:
    """Size and place of the trunk.

    Attributes
    ----------
    centre_mm : (x, y) of the trunk's centre
    half_mm : half width and half depth to the skin
    exponent : of the superellipse; 2 is an ellipse, more is boxier
    fat_mm, muscle_mm : mean thickness of subcutaneous fat and of the muscle wall
    obesity : 0 (lean) to 1, which also sets the visceral fat
    """

    centre_mm: tuple[float, float]
    half_mm: tuple[float, float]
    exponent: float
    fat_mm: float
    muscle_mm: float
    obesity: float

    @property
    def cavity_mm(self) -> tuple[float, float]:
        """Half width and half depth of the abdominal cavity."""
        wall = self.fat_mm + self.muscle_mm
        return self.half_mm[0] - wall, self.half_mm[1] - wall


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Labels of one patient, on the grid of the exam.

    Attributes
    ----------
    grid : voxel centres
    body : size and place of the trunk
    tissue : (S, R, C) uint8, values of `Tissue`
    """

    grid: Grid
    body: Body
    tissue: NDArray[np.uint8]


def draw_body(rng: np.random.Generator, traits: Traits = STANDARD_TRAITS) -> Body:
    """Return a trunk 290-390 mm wide and 190-270 mm deep, off centre by up to 15 mm, changed by the traits."""
    obesity = float(rng.beta(1.6, 2.0))
    width = 290.0 + 100.0 * float(np.clip(0.75 * obesity + 0.25 * rng.random(), 0.0, 1.0))
    depth = 190.0 + 80.0 * float(np.clip(0.7 * obesity + 0.3 * rng.random(), 0.0, 1.0))
    body = Body(
        centre_mm=(float(rng.uniform(-15.0, 15.0)), float(rng.uniform(-15.0, 15.0))),
        half_mm=(0.5 * width, 0.5 * depth),
        exponent=float(rng.uniform(2.1, 2.7)),
        fat_mm=7.0 + 22.0 * obesity * float(rng.uniform(0.7, 1.2)),
        muscle_mm=float(rng.uniform(8.0, 13.0)),
        obesity=obesity,
    )
    return replace(
        body,
        centre_mm=(body.centre_mm[0] + traits.shift_x_mm, body.centre_mm[1] + traits.shift_y_mm),
        half_mm=(body.half_mm[0] * traits.body_scale, body.half_mm[1] * traits.body_scale),
    )


def build_anatomy(
    rng: np.random.Generator, grid: Grid, body: Body, stage: str, traits: Traits = STANDARD_TRAITS
) -> Anatomy:
    """Return the labels of a random patient.

    Parameters
    ----------
    rng : source of randomness
    grid : voxel centres; z = 0 is about the level of the liver's hilum
    body : the trunk, drawn by `draw_body` from the same source
    stage : METAVIR stage; cirrhosis swells the spleen and caudate lobe and makes the liver's surface nodular
    traits : sizes of organs, surgery, ascites and lesions
    """
    local = Grid(
        (grid.x_mm - np.float32(body.centre_mm[0])).astype(np.float32),
        (grid.y_mm - np.float32(body.centre_mm[1])).astype(np.float32),
        grid.z_mm,
    )
    tissue, cavity = _trunk(rng, local, body)
    paint_organs(rng, local, tissue, cavity, body.cavity_mm, stage, traits)
    if traits.ascites_mm > 0.0:
        add_ascites(rng, local, tissue, cavity, traits.ascites_mm)
    add_lesions(rng, local, tissue, solid=int(traits.lesions), cystic=int(traits.cysts))
    _drop_liver_fragments(tissue)
    return Anatomy(grid, body, tissue)


def _trunk(rng: np.random.Generator, grid: Grid, body: Body) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return labels with skin fat, muscle wall and visceral fat, and the abdominal cavity."""
    x, y, z = grid.axes()
    narrowing = np.float32(1.0) - np.float32(rng.uniform(-4e-4, 8e-4)) * z
    radius = (
        np.abs(x / (body.half_mm[0] * narrowing)) ** body.exponent
        + np.abs(y / (body.half_mm[1] * narrowing)) ** body.exponent
    ) ** (1.0 / body.exponent)
    # A flattened back: the patient lies on the table.
    radius = radius + 0.06 * np.clip(y / body.half_mm[1] - 0.75, 0.0, None)
    outline = radius + 0.014 * smooth_noise(rng, grid, (110.0, 280.0))
    inside = outline < 1.0
    # The trunk ends before the image does, so that depth under the skin is defined everywhere.
    inside[:, :2, :] = inside[:, -2:, :] = inside[:, :, :2] = inside[:, :, -2:] = False
    angle = np.arctan2(y / body.half_mm[1], x / body.half_mm[0])
    side = 1.0 + rng.uniform(0.0, 0.35) * np.cos(angle) ** 2 + rng.uniform(-0.2, 0.4) * np.sin(angle)
    uneven = 1.0 + 0.15 * smooth_noise(rng, grid, (50.0, 160.0))
    fat_mm = body.fat_mm * side * uneven
    muscle_mm = body.muscle_mm * (1.0 + 0.22 * smooth_noise(rng, grid, (25.0, 90.0)))
    spacing = (float(grid.y_mm[1] - grid.y_mm[0]), float(grid.x_mm[1] - grid.x_mm[0]))
    depth_mm = np.stack([ndimage.distance_transform_edt(level, sampling=spacing) for level in inside])
    cavity = depth_mm > fat_mm + muscle_mm
    tissue = np.full(grid.shape, Tissue.AIR, np.uint8)
    tissue[inside] = Tissue.SUBCUTANEOUS_FAT
    tissue[depth_mm > fat_mm] = Tissue.MUSCLE
    tissue[cavity] = Tissue.VISCERAL_FAT
    return tissue, cavity


def _drop_liver_fragments(tissue: NDArray[np.uint8]) -> None:
    """Turn pieces of liver too small to be drawn by a reader into visceral fat, in place."""
    for level in tissue:
        liver = np.isin(level, LIVER_TISSUES)
        pieces, count = ndimage.label(liver)
        sizes = ndimage.sum_labels(liver, pieces, np.arange(1, count + 1))
        small = np.flatnonzero(np.asarray(sizes) < MIN_LIVER_PIECE_PX) + 1
        level[np.isin(pieces, small)] = Tissue.VISCERAL_FAT
