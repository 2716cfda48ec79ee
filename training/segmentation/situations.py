"""Input situations: which series of an exam the network is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from liver_mre.liver.channels import ALL_CHANNELS, MASKED_ALONE, network_channels
from training.cohort.store import CONFIDENCE_THRESHOLD, KPA_PER_COUNT, confidence_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.cohort.exams import Exam

    Mask = NDArray[np.bool_]

HATCH_PERIODS: Final = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Situation:
    """An input situation: which series of an exam the network is given."""

    name: str  # in tables and on the command line
    words: str  # description in tables
    probability: float  # of being drawn in training
    masked: bool = False
    confidence: bool = False
    magnitude: bool = False
    hatched: bool = False  # pixels of low confidence are hatched (GE) instead of zero

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels as `liver_mre.liver.channels` names them."""
        stiffness = MASKED_ALONE if self.masked else ALL_CHANNELS[:2] if self.confidence else ALL_CHANNELS[:1]
        return (*stiffness, ALL_CHANNELS[2]) if self.magnitude else stiffness

    def suits(self, exam: Exam) -> bool:
        """Tell whether the exam has the series of this situation."""
        if self.magnitude and exam.magnitude is None:
            return False
        return not exam.masked or (self.masked and not self.hatched)


EVERYTHING: Final = Situation(
    "everything", "stiffness, confidence map and magnitude", 0.30, confidence=True, magnitude=True
)
MASKED: Final = Situation("masked", "masked elastogram alone", 0.25, masked=True)
SITUATIONS: Final = (
    EVERYTHING,
    Situation("no-magnitude", "unmasked stiffness and confidence map", 0.10, confidence=True),
    Situation("masked-magnitude", "masked elastogram and magnitude", 0.10, masked=True, magnitude=True),
    MASKED,
    Situation("hatched", "hatched elastogram alone", 0.10, masked=True, hatched=True),
    Situation("unmasked", "unmasked stiffness alone", 0.075),
    Situation("unmasked-magnitude", "unmasked stiffness and magnitude", 0.075, magnitude=True),
)
"""The probabilities are ours: the richest and the poorest input are drawn most often."""
RUN_TIME_SITUATIONS: Final = ("everything", "no-magnitude", "masked-magnitude", "masked")
"""Situations that occur at run time: the application closes hatch lines and requires a confidence map or a mask."""


def situation_named(name: str) -> Situation:
    """Return one of `SITUATIONS` by its name."""
    return {each.name: each for each in SITUATIONS}[name]


_MOSTLY_FULL: Final = {
    "everything": 0.55,
    "no-magnitude": 0.06,
    "masked-magnitude": 0.10,
    "masked": 0.12,
    "hatched": 0.06,
    "unmasked": 0.05,
    "unmasked-magnitude": 0.06,
}
INPUTS: Final = {
    "masked": (MASKED,),
    "all": SITUATIONS,
    "mostly-full": tuple(replace(each, probability=_MOSTLY_FULL[each.name]) for each in SITUATIONS),
}
"""Situations by `Recipe.inputs`; the network of Su 2025 is given the masked elastogram alone."""


@dataclass(frozen=True, slots=True)
class Masking:
    """How pixels of low confidence are removed from an elastogram."""

    threshold: float = CONFIDENCE_THRESHOLD  # confidence from which a pixel is kept
    smallest_island: int = 0  # smaller connected parts (pixels) are removed too, as by a scanner that smooths the mask
    hatch_period: int = HATCH_PERIODS[0]  # of the hatch lines, pixels
    hatch_rising: bool = False
    hatch_phase: int = 0


STANDARD_MASKING: Final = Masking()


def draw_situation(exam: Exam, situations: Sequence[Situation], random: np.random.Generator) -> Situation:
    """Draw a situation that suits the exam, by probability; raises `ValueError` if none suits."""
    suitable = [situation for situation in situations if situation.suits(exam)]
    if not suitable:
        message = f"{exam.name} lacks the series that this recipe trains on"
        raise ValueError(message)
    weights = np.array([situation.probability for situation in suitable])
    return suitable[int(random.choice(len(suitable), p=weights / weights.sum()))]


def draw_masking(random: np.random.Generator) -> Masking:
    """Draw the masking of another scanner or software version; half of the draws are the standard."""
    standard = random.random() < 0.5  # noqa: PLR2004 - half
    return Masking(
        threshold=CONFIDENCE_THRESHOLD if standard else float(random.uniform(0.90, 0.98)),
        smallest_island=0 if standard else int(random.integers(0, 61)),
        hatch_period=int(random.choice(HATCH_PERIODS, p=(0.6, 0.2, 0.2))),
        hatch_rising=bool(random.random() < 0.5),  # noqa: PLR2004 - half
        hatch_phase=int(random.integers(0, HATCH_PERIODS[-1])),
    )


def exam_channels(
    exam: Exam, situation: Situation, masking: Masking = STANDARD_MASKING, slices: slice = slice(None)
) -> NDArray[np.float32]:
    """Return (S, 3, R, C) float32 in [0, 1]: network channels of an exam's slices on its own grid."""
    stiffness_kpa = exam.stiffness[slices].astype(np.float32) * np.float32(KPA_PER_COUNT)
    magnitude = exam.magnitude[slices] if situation.magnitude and exam.magnitude is not None else None
    kept: Mask | None = None
    if situation.masked or situation.confidence:
        kept = confident_pixels(exam, masking, slices)
        if situation.hatched:
            kept = kept | ~hatch_lines(kept.shape[1:], masking)
    return network_channels(stiffness_kpa, kept, magnitude, masked=situation.masked, bright=exam.bright)


def confident_pixels(exam: Exam, masking: Masking, slices: slice = slice(None)) -> Mask:
    """Return (S, R, C) bool: the pixels that this masking keeps."""
    # A masked elastogram was masked by its scanner: no other threshold applies.
    threshold = CONFIDENCE_THRESHOLD if exam.masked else masking.threshold
    confident = exam.confidence[slices] >= confidence_counts(threshold)
    return np.stack([remove_islands(image, masking.smallest_island) for image in confident])


def hatch_lines(shape: tuple[int, ...], masking: Masking) -> Mask:
    """Return (R, C) bool: diagonal lines one pixel wide at the masking's period, as GE draws them."""
    row, column = np.indices(shape)
    diagonal = row - column if masking.hatch_rising else row + column
    lines: Mask = (diagonal + masking.hatch_phase) % masking.hatch_period == 0
    return lines


def remove_islands(mask: Mask, smallest_pixels: int) -> Mask:
    """Remove connected parts of fewer than `smallest_pixels` pixels from an (R, C) mask."""
    if smallest_pixels <= 1:
        return mask
    labels, _ = ndimage.label(mask)
    keep = np.bincount(labels.ravel()) >= smallest_pixels
    keep[0] = False
    kept: Mask = keep[labels]
    return kept
