"""Exams that are no axial elastogram of a liver: for asking whether something notices.

A phantom, other parts of the body, planes and poses that nobody uses, and images that show no stiffness at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from simulation.anatomy.abdomen import build_anatomy
from simulation.anatomy.shapes import Grid, ellipsoid
from simulation.planning.variety import Spread
from simulation.types import Tissue

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from simulation.planning.plan import Plan
    from simulation.planning.variety import Variety
    from simulation.types import SimulatedExam

LEVELS_MM: Final = {"pelvis": (-210.0, -150.0), "chest": (130.0, 170.0)}
"""Where the slices of another part of the trunk are."""
TURNS: Final = {"turned": 1, "upside down": 2}
"""Quarter turns of exams whose images are not the usual way up."""
LIKE_STIFFNESS_KPA: Final = (3.0, 12.0)
"""What the brightest tissue of a contrast series becomes when its counts are taken for stiffness."""


def at_level(variety: Variety, kind: str) -> Variety:
    """Return a variety whose slices lie in another part of the trunk, where the kind is one."""
    if kind not in LEVELS_MM:
        return variety
    return replace(variety, traits={**variety.traits, "level_mm": Spread(*LEVELS_MM[kind])}, elsewhere=True)


def paint_scene(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return the labels (S, R, C) of a plan whose scene is not the usual abdomen."""
    return SCENES[plan.scene](rng, plan)


def _phantom(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return a cylinder of gel in a thin case, some with stiff inclusions."""
    grid = plan.grid
    half = float(rng.uniform(60.0, 110.0))
    radii = (half, half * float(rng.uniform(0.8, 1.0)), 500.0)
    tissue = np.zeros(grid.shape, np.uint8)
    tissue[ellipsoid(grid, (0.0, 0.0, 0.0), radii, 0.0) > 0.0] = Tissue.MUSCLE
    inner = (radii[0] - 5.0, radii[1] - 5.0, 500.0)
    tissue[ellipsoid(grid, (0.0, 0.0, 0.0), inner, 0.0) > 0.0] = Tissue.SPLEEN
    for _ in range(int(rng.integers(0, 5))):
        place = rng.uniform(-0.55, 0.55, 2) * radii[:2]
        size = float(rng.uniform(8.0, 18.0))
        spot = ellipsoid(grid, (float(place[0]), float(place[1]), 0.0), (size, size, 500.0), 0.0) > 0.0
        tissue[spot & (tissue == Tissue.SPLEEN)] = Tissue.SPINE
    return tissue


def _head(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return a head: skin, skull, brain and ventricles."""
    grid, tissue = plan.grid, np.zeros(plan.grid.shape, np.uint8)
    radii = np.array((float(rng.uniform(68.0, 80.0)), float(rng.uniform(86.0, 100.0)), 150.0))
    layers = ((0.0, Tissue.SUBCUTANEOUS_FAT), (4.0, Tissue.MUSCLE), (7.0, Tissue.SPINE), (14.0, Tissue.SPLEEN))
    for depth, label in layers:
        shape = ellipsoid(grid, (0.0, 0.0, 0.0), tuple((radii - depth).tolist()), 0.0)
        tissue[shape > 0.0] = label
    for side in (-1.0, 1.0):
        tissue[ellipsoid(grid, (9.0 * side, -8.0, 0.0), (6.0, 26.0, 60.0), 0.15 * side) > 0.0] = Tissue.GALLBLADDER
    return tissue


def _thighs(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return two thighs: skin fat, muscle and bone."""
    grid, tissue = plan.grid, np.zeros(plan.grid.shape, np.uint8)
    half = float(rng.uniform(62.0, 82.0))
    for side in (-1.0, 1.0):
        centre = (side * (half + 6.0), 0.0, 0.0)
        layers = ((0.0, Tissue.SUBCUTANEOUS_FAT), (float(rng.uniform(6.0, 18.0)), Tissue.MUSCLE))
        for depth, label in layers:
            tissue[ellipsoid(grid, centre, (half - depth, 1.05 * half - depth, 500.0), 0.0) > 0.0] = label
        tissue[ellipsoid(grid, centre, (14.0, 14.0, 500.0), 0.0) > 0.0] = Tissue.SPINE
    tissue[:, :, :2] = tissue[:, :, -2:] = Tissue.AIR
    return tissue


def _coronal(rng: np.random.Generator, plan: Plan) -> NDArray[np.uint8]:
    """Return the usual abdomen in coronal slices: rows run from head to feet."""
    grid = plan.grid
    depths = np.arange(-135.0, 135.0, 4.5, dtype=np.float32)
    volume = build_anatomy(rng, Grid(grid.x_mm, depths, -grid.y_mm), plan.body, plan.stage, plan.traits).tissue
    first = int(rng.integers(18, 28))
    tissue = np.stack([volume[:, first + 2 * number, :] for number in range(grid.shape[0])])
    tissue[:, :3] = tissue[:, -3:] = Tissue.AIR
    return tissue


SCENES: Final[dict[str, Callable[[np.random.Generator, Plan], NDArray[np.uint8]]]] = {
    "phantom": _phantom,
    "head": _head,
    "thighs": _thighs,
    "coronal": _coronal,
}
KINDS: Final = (*SCENES, *LEVELS_MM, *TURNS, "mirrored", "contrast", "anatomy")
"""Everything that can be simulated here."""
ALIKE: Final = ("pelvis", "thighs", "coronal", "mirrored")
"""What is taken for a liver most easily: soft tissue that waves reach, with an outline not unlike a liver's."""


def altered(exam: SimulatedExam, kind: str, rng: np.random.Generator) -> SimulatedExam:
    """Return a usual exam as it would look turned, mirrored, or with images that are no elastogram.

    Raises
    ------
    ValueError
        If the kind is none that is made from a usual exam.
    """
    if kind in TURNS:
        return _moved(exam, lambda array: np.rot90(array, TURNS[kind], (-2, -1)))
    if kind == "mirrored":
        return _moved(exam, lambda array: array[..., ::-1])
    if kind == "contrast":
        return _counts_as_stiffness(exam, exam.magnitude, rng)
    if kind == "anatomy":
        return _counts_as_stiffness(exam, exam.t2, rng)
    message = f"unknown kind {kind!r}: choose one of {', '.join(KINDS)}"
    raise ValueError(message)


def _moved(exam: SimulatedExam, move: Callable[[NDArray[Any]], NDArray[Any]]) -> SimulatedExam:
    def moved(array: NDArray[Any]) -> NDArray[Any]:
        return move(array).copy()

    truth = exam.truth
    return replace(
        exam,
        magnitude=moved(exam.magnitude),
        phase_rad=moved(exam.phase_rad),
        wave_um=moved(exam.wave_um),
        stiffness_kpa=moved(exam.stiffness_kpa),
        confidence=moved(exam.confidence),
        t2=moved(exam.t2),
        truth=replace(
            truth,
            tissue=moved(truth.tissue),
            liver=moved(truth.liver),
            true_stiffness_kpa=moved(truth.true_stiffness_kpa),
            measurable=None if truth.measurable is None else moved(truth.measurable),
        ),
    )


def _counts_as_stiffness(exam: SimulatedExam, image: NDArray[np.float32], rng: np.random.Generator) -> SimulatedExam:
    """Return the exam with an image of signal in the place of its elastogram; every pixel of tissue passes as one."""
    body = exam.truth.tissue != Tissue.AIR
    scale = float(rng.uniform(*LIKE_STIFFNESS_KPA)) / float(np.percentile(image[body], 99.0))
    counts = np.where(body, ndimage.gaussian_filter(image, (0.0, 0.4, 0.4)) * scale, 0.0).astype(np.float32)
    return replace(exam, stiffness_kpa=counts, confidence=body.astype(np.float32))
