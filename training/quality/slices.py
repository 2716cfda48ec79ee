"""Slices of simulated exams with their truth, as the networks see them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from liver_mre.core.quality.image import averaged, quality_images
from liver_mre.core.quality.types import CAUSES
from liver_mre.core.quality.waves import WaveMaps, amplitude_of
from training.cohort.store import CohortError, list_exams, load_exam, source_digest
from training.quality.situations import LIVER, LIVERS, SITUATIONS
from training.quality.truth import confident_cm2, true_causes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.cohort.store import ExamRecord
    from training.quality.liver_cache import Livers
    from training.segmentation.predicted_livers import PredictedLiver

WAVE_OFFSETS = 4
"""Phase offsets of simulated exams."""
DIAGNOSTIC = -1
"""Cause of a slice that is diagnostic."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Slices of a cohort.

    Attributes
    ----------
    images : (N, 7, h, w) uint8, 255 times `quality_images` of all that there is, but for the liver
    livers : (N, 4, h, w) uint8, channel `LIVER` as outlined in each of the situations `LIVERS`
    causes : (N,) index into `CAUSES`, or `DIAGNOSTIC`
    exams : (N,) seed of the exam; each exam is of another patient
    levels : (N,) index of the slice in its exam
    confident_cm2 : (N,) confident area of the true liver
    strangers : (N,) whether it is no axial elastogram of a liver
    digest : tells data sets apart
    """

    images: NDArray[np.uint8]
    livers: NDArray[np.uint8]
    causes: NDArray[np.int64]
    exams: NDArray[np.int64]
    levels: NDArray[np.int64]
    confident_cm2: NDArray[np.float64]
    strangers: NDArray[np.bool_]
    digest: str

    def seen(self, where: NDArray[np.integer], situations: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return the images (M, 7, h, w) of some slices, each as one of `SITUATIONS` shows it.

        Parameters
        ----------
        where : (M,) indices of slices
        situations : (M,) indices into `SITUATIONS`
        """
        shown = tuple(SITUATIONS.values())
        ways = np.array([LIVERS.index(each.liver) for each in shown])
        images = self.images[where]
        images[:, LIVER] = self.livers[where, ways[situations]]
        kept = np.array([each.kept for each in shown])
        return images * kept[situations][:, :, None, None]

    def part(self, where: NDArray[np.bool_]) -> Slices:
        """Return some of the slices."""
        return Slices(
            self.images[where],
            self.livers[where],
            self.causes[where],
            self.exams[where],
            self.levels[where],
            self.confident_cm2[where],
            self.strangers[where],
            self.digest,
        )


def slices_digest(paths: Sequence[Path], livers: Livers) -> str:
    """Return what tells the slices of some exams apart: the exams, and who outlined their livers."""
    return hashlib.sha256(f"{source_digest(paths)} {livers.identity}".encode()).hexdigest()


def read_slices(folders: Sequence[Path], livers: Livers, limit: int | None = None) -> Slices:
    """Read the slices of simulated cohorts.

    Parameters
    ----------
    folders : cohort folders
    livers : their predicted livers
    limit : largest number of exams of each

    Raises
    ------
    CohortError
        If a folder holds no simulated exam.
    """
    paths = []
    for folder in folders:
        found = list_exams(folder)[:limit]
        if not found:
            message = f"{folder.name} holds no simulated exam: simulate a cohort of the design quality first"
            raise CohortError(message)
        paths += found
    exams = [_exam_slices(load_exam(path), livers.of(path)) for path in paths]
    images, outlines, causes, seeds, levels, areas, strangers = (
        np.concatenate(part) for part in zip(*exams, strict=True)
    )
    return Slices(images, outlines, causes, seeds, levels, areas, strangers, slices_digest(paths, livers))


def record_images(record: ExamRecord, liver: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return an exam as the networks are shown it: all that it has, and a predicted liver (S, R, C)."""
    return quality_images(
        record.stiffness_kpa,
        record.confident(),
        liver,
        record.pixel_spacing_mm,
        unmasked_kpa=record.stiffness_kpa,
        magnitude=record.magnitude,
        waves=record_waves(record),
    )


def record_waves(record: ExamRecord) -> WaveMaps | None:
    """Return the waves of an exam; None where its cohort does not keep them."""
    if record.wave is None or record.residual is None:
        return None
    amplitude, residual = (amplitude_of(np.minimum(each, 254) / 255.0) for each in (record.wave, record.residual))
    return WaveMaps(amplitude, residual, WAVE_OFFSETS)


def _exam_slices(record: ExamRecord, livers: Mapping[str, PredictedLiver]) -> tuple[NDArray[np.generic], ...]:
    causes = true_causes(record)
    count = len(causes)
    outlines = np.stack([averaged(livers[way].outline, record.pixel_spacing_mm) for way in LIVERS], axis=1)
    return (
        _counts(record_images(record, livers[LIVERS[0]].outline)),
        _counts(outlines),
        np.array([DIAGNOSTIC if cause is None else CAUSES.index(cause) for cause in causes], np.int64),
        np.full(count, record.seed, np.int64),
        np.arange(count, dtype=np.int64),
        np.array([confident_cm2(record, index) for index in range(count)]),
        np.full(count, bool(record.facts.get("unlike"))),
    )


def _counts(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(255.0 * images).astype(np.uint8)
