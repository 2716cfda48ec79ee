"""Exams of a liver that leave the domain by processing: turned or mirrored images, contrast in place of stiffness."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy import ndimage

from simulation.types import Tissue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from simulation.types import SimulatedExam

BRIGHTEST_KPA: Final = (3.0, 12.0)
"""Range of the stiffness as which the brightest tissue of a contrast series appears."""


def _moved(
    exam: SimulatedExam, rng: np.random.Generator, *, move: Callable[[NDArray[Any]], NDArray[Any]]
) -> SimulatedExam:
    """Return the exam with every array (..., R, C) of images and truth turned or mirrored."""
    del rng
    images = ("magnitude", "phase_rad", "wave_um", "stiffness_kpa", "confidence", "t2")
    truths = ("tissue", "liver", "true_stiffness_kpa", "measurable")

    def changed(source: object, names: tuple[str, ...]) -> dict[str, Any]:
        arrays = {name: getattr(source, name) for name in names}
        return {name: move(array).copy() for name, array in arrays.items() if array is not None}

    return replace(exam, **changed(exam, images), truth=replace(exam.truth, **changed(exam.truth, truths)))


def _contrast(exam: SimulatedExam, rng: np.random.Generator, *, series: str) -> SimulatedExam:
    """Return the exam with a contrast series in place of its elastogram, confident in the whole body."""
    image = getattr(exam, series)
    body = exam.truth.tissue != Tissue.AIR
    scale = float(rng.uniform(*BRIGHTEST_KPA)) / float(np.percentile(image[body], 99.0))
    kpa = np.where(body, ndimage.gaussian_filter(image, (0.0, 0.4, 0.4)) * scale, 0.0).astype(np.float32)
    return replace(exam, stiffness_kpa=kpa, confidence=body.astype(np.float32))


ALTERATIONS: Final[Mapping[str, Callable[[SimulatedExam, np.random.Generator], SimulatedExam]]] = {
    "turned": partial(_moved, move=lambda array: np.rot90(array, 1, (-2, -1))),
    "upside down": partial(_moved, move=lambda array: np.rot90(array, 2, (-2, -1))),
    "mirrored": partial(_moved, move=lambda array: array[..., ::-1]),
    "contrast": partial(_contrast, series="magnitude"),
    "anatomy": partial(_contrast, series="t2"),
}
