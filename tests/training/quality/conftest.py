"""A tiny cohort of quality: bright livers are confident in good slices, and hardly in bad ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.training.conftest import _record
from training.cohort.store import list_exams, load_exam, quantise_confidence, quantise_wave, save_exam
from training.files import write_arrays
from training.quality.situations import LIVER_SITUATIONS
from training.segmentation.predicted_livers import LEVELS, LiverCache

if TYPE_CHECKING:
    from pathlib import Path

    from training.cohort.store import ExamRecord

CAUSES = ("", "no waves", "low signal", "breathing", "misplaced driver")


def quality_record(seed: int) -> ExamRecord:
    """Return an exam of four slices of which the last two fail, unless the seed is even."""
    record = _record(seed, slices=4)
    cause = CAUSES[seed % len(CAUSES)]
    confidence = record.confidence.copy()
    failures = [""] * 4
    if cause:
        confidence[2:] = quantise_confidence(np.zeros(confidence[2:].shape))
        failures[2:] = [cause, cause]
    wave = quantise_wave(np.where(np.arange(4)[:, None, None] < 2, 0.5, 0.001) * np.ones(confidence.shape))
    return replace(
        record,
        confidence=confidence,
        slice_failures=tuple(failures),
        failure=cause,
        facts={"given_failure": cause},
        wave=wave,
        residual=wave,
    )


@pytest.fixture(scope="session")
def quality_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty exams."""
    folder = tmp_path_factory.mktemp("quality") / "cohort"
    for seed in range(40):
        save_exam(folder, quality_record(seed))
    return folder


def true_livers(folder: Path, *cohorts: Path) -> LiverCache:
    """Return the livers of a network that makes no mistake."""
    for cohort in cohorts:
        (folder / cohort.name).mkdir(parents=True)
        for path in list_exams(cohort):
            liver = load_exam(path).liver
            sure = (len(LEVELS) * liver).astype(np.uint8)
            write_arrays(folder / cohort.name / path.name, dict.fromkeys(LIVER_SITUATIONS, sure))
    return LiverCache(folder, folder / "no model", "a network that makes no mistake", "0" * 64)


@pytest.fixture(scope="session")
def quality_livers(quality_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> LiverCache:
    """The livers of the forty exams."""
    return true_livers(tmp_path_factory.mktemp("livers"), quality_cohort)
