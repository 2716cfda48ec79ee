"""When series were acquired, on one clock for the whole study: some of its series may lack a date."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.studies.study import Instance

Span: TypeAlias = tuple[float, float]
"""First and last of several moments, in seconds."""

SAME_TIME_S: Final = 2.0  # ours: maps carry the time of their raw images; a repeat is at least a breath-hold later
DAY_S: Final = 86400.0


@dataclass(frozen=True, slots=True)
class StudyClock:
    """The clock of a study.

    Attributes
    ----------
    usable : False where all times are the same
    dated : whether every image that has a time has a date; otherwise only times of day can be compared
    start_s : time of day at which a study without dates began; earlier times belong to the next day
    """

    usable: bool
    dated: bool
    start_s: float

    @classmethod
    def of(cls, images: Sequence[Instance]) -> StudyClock:
        """Return the clock of a study's images.

        Without dates the study began after the longest pause of the day, so that midnight does not part its series.
        """
        times_s = sorted({image.acquired_s for image in images if image.acquired_s is not None})
        dated = all(image.acquired_day is not None for image in images if image.acquired_s is not None)
        start_s = times_s[0] if times_s else 0.0
        pauses_s = [(after - before, after) for before, after in pairwise(times_s)]
        longest_s, after_s = max(pauses_s, default=(0.0, 0.0))
        if times_s and longest_s > times_s[0] + DAY_S - times_s[-1]:
            start_s = after_s
        clock = cls(usable=True, dated=dated, start_s=start_s)
        span = clock.span(images)
        return cls(usable=span is not None and span[1] - span[0] > SAME_TIME_S, dated=dated, start_s=start_s)

    def span(self, images: Sequence[Instance]) -> Span | None:
        """Return the span of images; None where they have no times, or the clock is not usable."""
        if self.dated:
            return self.dated_span(images)
        found = [
            image.acquired_s + (DAY_S if image.acquired_s < self.start_s else 0.0)
            for image in images
            if image.acquired_s is not None
        ]
        return (min(found), max(found)) if found and self.usable else None

    def dated_span(self, images: Sequence[Instance]) -> Span | None:
        """Return the span of images by date and time; None where one that has a time lacks the date."""
        timed = [image for image in images if image.acquired_s is not None]
        if not timed or not self.usable or any(image.acquired_day is None for image in timed):
            return None
        found = [DAY_S * (image.acquired_day or 0) + (image.acquired_s or 0.0) for image in timed]
        return min(found), max(found)


def covering(one: Span | None, other: Span | None) -> Span | None:
    """Return the span that covers two; None if both are unknown."""
    known = [span for span in (one, other) if span is not None]
    return (min(first for first, _ in known), max(last for _, last in known)) if known else None
