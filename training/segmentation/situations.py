"""What a study may have: the situations that one network is trained for, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import ndimage

from liver_mre.core.channels import CHANNELS, MASKED_ALONE, network_channels
from training.cohort.store import CONFIDENCE_THRESHOLD, KPA_PER_COUNT, confidence_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.cohort.exams import Exam

    Mask = NDArray[np.bool_]

HATCH_PERIODS: Final = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class Situation:
    """What of an exam the network is shown.

    Attributes
    ----------
    name : name in tables and on the command line
    words : for a reader
    probability : how often it is drawn in training
    masked : the elastogram lacks pixels of low confidence
    confidence : a separate confidence map is there
    magnitude : the magnitude is there
    hatched : pixels of low confidence are hatched (GE) rather than all zero
    """

    name: str
    words: str
    probability: float
    masked: bool = False
    confidence: bool = False
    magnitude: bool = False
    hatched: bool = False

    @property
    def channels(self) -> tuple[str, ...]:
        """What it shows, as the application names the channels of a study."""
        unmasked = CHANNELS[:2] if self.confidence else CHANNELS[:1]
        stiffness = MASKED_ALONE if self.masked else unmasked
        return (*stiffness, CHANNELS[2]) if self.magnitude else stiffness

    def suits(self, exam: Exam) -> bool:
        """Tell whether the exam has what the situation shows."""
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
"""How often each is drawn is ours: most often the two that are asked most of, the richest and the poorest."""
MEASURED: Final = ("everything", "no-magnitude", "masked-magnitude", "masked")
"""Those that the application measures in: it closes hatches, and needs to know where stiffness is confident."""


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
"""What a recipe trains on: the paper's network sees the masked elastogram alone."""


@dataclass(frozen=True, slots=True)
class Masking:
    """How pixels of low confidence are taken out of an elastogram.

    Attributes
    ----------
    threshold : confidence from which a pixel stays
    smallest_island : connected parts of fewer pixels go too, as scanners' smoothing of the mask has it
    hatch_period, hatch_rising, hatch_phase : which diagonals are lines, where it is hatched
    """

    threshold: float = CONFIDENCE_THRESHOLD
    smallest_island: int = 0
    hatch_period: int = HATCH_PERIODS[0]
    hatch_rising: bool = False
    hatch_phase: int = 0


STANDARD_MASKING: Final = Masking()


def draw_situation(exam: Exam, situations: Sequence[Situation], random: np.random.Generator) -> Situation:
    """Draw one of the situations that suit the exam, by their probabilities.

    Raises
    ------
    ValueError
        If none suits: a masked elastogram cannot be shown unmasked.

    """
    suitable = [situation for situation in situations if situation.suits(exam)]
    if not suitable:
        message = f"{exam.name} has nothing of what this recipe shows the network"
        raise ValueError(message)
    weights = np.array([situation.probability for situation in suitable])
    return suitable[int(random.choice(len(suitable), p=weights / weights.sum()))]


def draw_masking(random: np.random.Generator) -> Masking:
    """Draw a mask as another scanner or another software would have made it; every second one is the standard one."""
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
    """Return the channels (S, 3, R, C) of some slices of an exam in a situation, on its own grid."""
    stiffness_kpa = exam.stiffness[slices].astype(np.float32) * np.float32(KPA_PER_COUNT)
    magnitude = exam.magnitude[slices] if situation.magnitude and exam.magnitude is not None else None
    kept: Mask | None = None
    if situation.masked or situation.confidence:
        kept = confident_pixels(exam, masking, slices)
        if situation.hatched:
            kept = kept | ~hatch_lines(kept.shape[1:], masking)
    return network_channels(stiffness_kpa, kept, magnitude, masked=situation.masked, bright=exam.bright)


def confident_pixels(exam: Exam, masking: Masking, slices: slice = slice(None)) -> Mask:
    """Return (S, R, C) bool: the pixels that this masking leaves in some slices of an exam."""
    # A masked elastogram was masked by its scanner: no other threshold can be tried on it.
    threshold = CONFIDENCE_THRESHOLD if exam.masked else masking.threshold
    confident = exam.confidence[slices] >= confidence_counts(threshold)
    if masking.smallest_island > 1:
        confident = np.stack([remove_islands(image, masking.smallest_island) for image in confident])
    return confident


def hatch_lines(shape: tuple[int, ...], masking: Masking) -> Mask:
    """Return (R, C) bool: diagonal lines one pixel wide, every 2nd to 4th pixel, as GE draws over a masked region."""
    row, column = np.indices(shape)
    diagonal = row - column if masking.hatch_rising else row + column
    lines: Mask = (diagonal + masking.hatch_phase) % masking.hatch_period == 0
    return lines


def remove_islands(mask: Mask, smallest_pixels: int) -> Mask:
    """Return the (R, C) mask without connected parts of fewer than `smallest_pixels` pixels."""
    if smallest_pixels <= 1:
        return mask
    labels, _ = ndimage.label(mask)
    keep = np.bincount(labels.ravel()) >= smallest_pixels
    keep[0] = False
    kept: Mask = keep[labels]
    return kept
