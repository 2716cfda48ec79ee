"""Concatenations: one multi-frame object that its sender stored in several instances (DICOM PS3.3 C.7.6.16)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from liver_mre.errors import ContradictoryImagesError, MissingSlicesError
from liver_mre.studies.study import ConcatenationPart
from liver_mre.studies.values import integer, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydicom import Dataset

    from liver_mre.studies.study import Instance

CONCATENATION_KEYWORDS: Final = (
    "ConcatenationUID",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
    "ConcatenationFrameOffsetNumber",
)


def concatenation_part(header: Dataset, frames: int) -> ConcatenationPart | None:
    """Return which part of a concatenation an object of so many frames is; None if it is an object of its own."""
    uid, number = text(header, "ConcatenationUID"), integer(header, "InConcatenationNumber")
    total, offset = (integer(header, keyword) for keyword in CONCATENATION_KEYWORDS[2:])
    if not uid and number is None:
        return None
    return ConcatenationPart(uid, number or 0, frames, total, offset)


def check_concatenations(images: Iterable[Instance], name: str) -> None:
    """Refuse images of a concatenation of which parts are missing.

    Parameters
    ----------
    images : of one series
    name : which, in words ("stiffness series")

    Raises
    ------
    MissingSlicesError
        There are fewer parts than InConcatenationTotalNumber says, InConcatenationNumber has a gap, or frames are
        missing before one by its ConcatenationFrameOffsetNumber.
    ContradictoryImagesError
        The parts name different totals, or a number above the total.
    """
    found = {image.concatenation for image in images if image.concatenation is not None}
    ordered = sorted(found, key=lambda part: (part.uid, part.number))
    for _, parts in groupby(ordered, key=lambda part: part.uid):
        _check_parts(tuple(parts), name)


def _check_parts(parts: Sequence[ConcatenationPart], name: str) -> None:
    numbers = [part.number for part in parts]
    totals = {part.total for part in parts if part.total}
    total = max((*totals, max(numbers))) if len(totals) != 1 else min(totals)
    if len(totals) > 1 or max(numbers) > total:
        stated = " and ".join(map(str, sorted(totals)))
        msg = (
            f"The {name} is stored in parts (a concatenation) that contradict each other: InConcatenationTotalNumber "
            f"says {stated}, and InConcatenationNumber goes up to {max(numbers)}. Nothing was measured; send the "
            "series again."
        )
        raise ContradictoryImagesError(msg)
    missing = total - len({number for number in numbers if number > 0})
    if missing > 0:
        msg = (
            f"The {name} is stored in {total} parts (a concatenation), of which {missing} "
            f"{'is' if missing == 1 else 'are'} missing (InConcatenationNumber, InConcatenationTotalNumber). "
            "Nothing was measured; send the complete series again."
        )
        raise MissingSlicesError(msg)
    before = 0
    for part in parts:
        if part.offset is not None and part.offset != before:
            msg = (
                f"Part {part.number} of the {name}, which is stored in parts (a concatenation), begins after "
                f"{part.offset} frames (ConcatenationFrameOffsetNumber), but the parts before it hold {before}. "
                "Nothing was measured; send the complete series again."
            )
            raise MissingSlicesError(msg)
        before += part.frames
