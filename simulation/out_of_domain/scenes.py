"""Objects scanned instead of an upper abdomen in axial slices: gel phantom, head, thighs, coronal slices.

Labels are borrowed from organs of similar stiffness and signal: the phantom's gel and the brain are labelled spleen.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.anatomy.abdomen import build_abdomen
from simulation.anatomy.label_maps import labelled_abdomen
from simulation.anatomy.shapes import ellipsoid
from simulation.grid import Grid
from simulation.planning.physics import LABEL_MAPS
from simulation.types import Tissue

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from simulation.planning.plan import Plan

    Paint = Callable[[np.random.Generator, Plan], NDArray[np.uint8]]

CENTRE: Final = (0.0, 0.0, 0.0)
LONG_MM: Final = 500.0
"""Half length of what is a cylinder within the field of view."""


def paint_scene(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return the labels (S, R, C) of what is scanned: by default, the upper abdomen of a patient."""
    if plan.scene:
        return SCENES[plan.scene](rng, plan)
    if plan.physics.anatomy == LABEL_MAPS:
        return labelled_abdomen(rng, plan.grid, plan.body, Path(plan.label_maps))
    return build_abdomen(rng, plan.grid, plan.body, plan.stage, plan.parameters)


def _phantom(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return a cylinder of gel in a thin case, with up to four stiff inclusions."""
    grid, tissue = plan.grid, np.zeros(plan.grid.shape, np.uint8)
    half = float(rng.uniform(60.0, 110.0))
    radii = (half, half * float(rng.uniform(0.8, 1.0)), LONG_MM)
    tissue[ellipsoid(grid, CENTRE, radii) > 0.0] = Tissue.MUSCLE
    tissue[ellipsoid(grid, CENTRE, (radii[0] - 5.0, radii[1] - 5.0, LONG_MM)) > 0.0] = Tissue.SPLEEN
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(-0.55, 0.55, 2) * radii[:2]
        size = float(rng.uniform(8.0, 18.0))
        inclusion = ellipsoid(grid, (float(x), float(y), 0.0), (size, size, LONG_MM)) > 0.0
        tissue[inclusion & (tissue == Tissue.SPLEEN)] = Tissue.SPINE
    return tissue


def _head(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return a head: skin, skull, brain and ventricles."""
    grid, tissue = plan.grid, np.zeros(plan.grid.shape, np.uint8)
    radii = np.array((float(rng.uniform(68.0, 80.0)), float(rng.uniform(86.0, 100.0)), 150.0))
    layers = ((0.0, Tissue.SUBCUTANEOUS_FAT), (4.0, Tissue.MUSCLE), (7.0, Tissue.SPINE), (14.0, Tissue.SPLEEN))
    for depth, label in layers:
        tissue[ellipsoid(grid, CENTRE, tuple((radii - depth).tolist())) > 0.0] = label
    for side in (-1.0, 1.0):
        tissue[ellipsoid(grid, (9.0 * side, -8.0, 0.0), (6.0, 26.0, 60.0), 0.15 * side) > 0.0] = Tissue.GALLBLADDER
    return tissue


def _thighs(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return two thighs: subcutaneous fat, muscle and bone."""
    grid, tissue = plan.grid, np.zeros(plan.grid.shape, np.uint8)
    half = float(rng.uniform(62.0, 82.0))
    for side in (-1.0, 1.0):
        centre = (side * (half + 6.0), 0.0, 0.0)
        layers = ((0.0, Tissue.SUBCUTANEOUS_FAT), (float(rng.uniform(6.0, 18.0)), Tissue.MUSCLE))
        for depth, label in layers:
            tissue[ellipsoid(grid, centre, (half - depth, 1.05 * half - depth, LONG_MM)) > 0.0] = label
        tissue[ellipsoid(grid, centre, (14.0, 14.0, LONG_MM)) > 0.0] = Tissue.SPINE
    tissue[:, :, :2] = tissue[:, :, -2:] = Tissue.AIR
    return tissue


def _coronal(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return an upper abdomen in coronal slices: rows run from head to feet."""
    grid = plan.grid
    depths = np.arange(-135.0, 135.0, 4.5, dtype=np.float32)
    volume = build_abdomen(rng, Grid(grid.x_mm, depths, -grid.y_mm), plan.body, plan.stage, plan.parameters)
    first = int(rng.integers(18, 28))
    tissue = np.stack([volume[:, first + 2 * number, :] for number in range(grid.shape[0])])
    tissue[:, :3] = tissue[:, -3:] = Tissue.AIR
    return tissue


SCENES: Final[dict[str, Paint]] = {"phantom": _phantom, "head": _head, "thighs": _thighs, "coronal": _coronal}
