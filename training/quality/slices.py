"""Slices of simulated exams as input of the quality networks, with their truth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from liver_mre.quality.image import averaged, quality_images
from liver_mre.quality.verdict import CAUSES
from liver_mre.stiffness.waves import WaveMaps, expand_amplitude
from training.cohort.store import cohort_files, load_exam, source_digest
from training.quality.situations import LIVER, LIVER_SITUATIONS, SITUATIONS
from training.quality.truth import confident_cm2, true_causes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.cohort.store import ExamRecord
    from training.segmentation.predicted_livers import LiverCache, PredictedLiver

WAVE_OFFSETS = 4
"""Number of phase offsets of simulated exams."""
DIAGNOSTIC = -1
"""Class of diagnostic slices, in place of a cause."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Slices of a cohort."""

    images: NDArray[np.uint8]  # (N, 7, H, W), 255 times `quality_images` with all channels
    livers: NDArray[np.uint8]  # (N, 4, H, W), channel `LIVER` as outlined in each of `LIVER_SITUATIONS`
    causes: NDArray[np.int64]  # (N,) index into `CAUSES`, or `DIAGNOSTIC`
    exams: NDArray[np.int64]  # (N,) seed of the exam, each of another patient
    levels: NDArray[np.int64]  # (N,) index of the slice in its exam
    confident_cm2: NDArray[np.float64]  # (N,) confident area of the true liver
    out_of_domain: NDArray[np.bool_]  # (N,) whether the exam is no axial elastogram of a liver
    digest: str  # of exams and livers (`slices_digest`)

    def images_in(self, where: NDArray[np.integer], situations: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return (M, 7, H, W) uint8: images of M slices, each in its input situation.

        Parameters
        ----------
        where : (M,) indices of slices
        situations : (M,) indices into `SITUATIONS`
        """
        known = tuple(SITUATIONS.values())
        outlined_in = np.array([LIVER_SITUATIONS.index(each.liver) for each in known])
        images: NDArray[np.uint8] = self.images[where]
        images[:, LIVER] = self.livers[where, outlined_in[situations]]
        images[~np.array([each.has_channel for each in known])[situations]] = 0
        return images

    def part(self, where: NDArray[np.bool_]) -> Slices:
        """Return the selected slices."""
        return replace(self, **{name: array[where] for name, array in self.arrays().items()})

    def arrays(self) -> dict[str, Any]:
        """Return the arrays by field name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "digest"}


def slices_digest(paths: Sequence[Path], livers: LiverCache) -> str:
    """Return a digest of exam files and of the model that outlined their livers."""
    return hashlib.sha256(f"{source_digest(paths)} {livers.identity}".encode()).hexdigest()


def read_slices(folders: Sequence[Path], livers: LiverCache, limit: int | None = None) -> Slices:
    """Read the slices of cohorts, at most `limit` exams of each; raises `CohortError` if a folder holds none."""
    paths = cohort_files(folders, limit)
    exams = [exam_slices(load_exam(path), livers.of(path)) for path in paths]
    parts = [each.arrays() for each in exams]
    joined: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Slices(**joined, digest=slices_digest(paths, livers))


def record_images(record: ExamRecord, liver: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return (S, 7, H, W): all channels of an exam, with a predicted liver (S, R, C)."""
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
    """Return amplitude and residual of an exam's waves; None if its cohort has none."""
    if record.wave is None or record.residual is None:
        return None
    amplitude, residual = (expand_amplitude(np.minimum(each, 254) / 255.0) for each in (record.wave, record.residual))
    return WaveMaps(amplitude, residual, WAVE_OFFSETS)


def exam_slices(record: ExamRecord, livers: Mapping[str, PredictedLiver]) -> Slices:
    """Return the slices of an exam; its livers by input situation."""
    causes = true_causes(record)
    count = len(causes)
    outlines = [averaged(livers[name].outline, record.pixel_spacing_mm) for name in LIVER_SITUATIONS]
    return Slices(
        images=_counts(record_images(record, livers[LIVER_SITUATIONS[0]].outline)),
        livers=_counts(np.stack(outlines, axis=1)),
        causes=np.array([DIAGNOSTIC if cause is None else CAUSES.index(cause) for cause in causes], np.int64),
        exams=np.full(count, record.seed, np.int64),
        levels=np.arange(count, dtype=np.int64),
        confident_cm2=np.array([confident_cm2(record, index) for index in range(count)]),
        out_of_domain=np.full(count, bool(record.out_of_domain)),
        digest="",
    )


def _counts(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    counts: NDArray[np.uint8] = np.rint(255.0 * images).astype(np.uint8)
    return counts
