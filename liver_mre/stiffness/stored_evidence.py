"""What the stored values of a map show by themselves: another pixel type, pixels that repeat, pixels of another map."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from liver_mre.errors import ContradictoryImagesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from liver_mre.studies.study import Instance

    Stored = NDArray[np.integer]

MIN_VALUES: Final = 16
"""Ours: images of fewer different values are drawn, not computed, and may repeat."""
_SEND_AGAIN: Final = "Nothing was measured; send the series again as the scanner stored it."


def check_signs(stored: Stored, instances: Sequence[Instance], name: str) -> None:
    """Refuse a stiffness or confidence map with negative values, as large ones of the wrong PixelRepresentation are.

    Parameters
    ----------
    stored : (S, R, C), 0 where nothing was measured
    instances : its S images
    name : which map, in words ("stiffness series")

    Raises
    ------
    ContradictoryImagesError
        An image has a value below 0, which no scanner stores.
    """
    lowest = stored.min(axis=(1, 2))
    if lowest.min() >= 0:
        return
    place = int(np.argmin(lowest))
    msg = (
        f"Image {instances[place].instance_number} of the {name} has stored values down to {int(lowest[place])}, but "
        "no scanner stores negative stiffness or confidence: its PixelRepresentation is wrong, or its pixels were "
        f"changed. {_SEND_AGAIN}"
    )
    raise ContradictoryImagesError(msg)


def check_variety(stored: Stored, instances: Sequence[Instance], name: str) -> None:
    """Refuse a map with an image of one value, or with two equal images; arguments as those of `check_signs`.

    Raises
    ------
    ContradictoryImagesError
        All pixels of an image have one value above 0, or two images have the same pixels, which noise never gives.
    """
    lowest, highest = stored.min(axis=(1, 2)), stored.max(axis=(1, 2))
    constant = np.flatnonzero((lowest == highest) & (highest > 0))
    if constant.size:
        image = instances[int(constant[0])].instance_number
        msg = (
            f"All pixels of image {image} of the {name} have the same value, so they are no map of a body. "
            f"{_SEND_AGAIN}"
        )
        raise ContradictoryImagesError(msg)
    for one, other in combinations(range(len(stored)), 2):
        if _is_copy(stored[one], stored[other]):
            numbers = " and ".join(str(instances[place].instance_number) for place in (one, other))
            msg = (
                f"The images {numbers} of the {name} have the same pixels, which two slices never have: one of them "
                f"holds the pixels of the other. {_SEND_AGAIN}"
            )
            raise ContradictoryImagesError(msg)


def check_no_copy(stored: Stored, others: Stored, name: str, other_name: str, *, unless_all: bool = False) -> None:
    """Refuse a map of which an image has the pixels of another kind of image.

    Parameters
    ----------
    stored, others : (S, R, C) and (N, r, c), values as stored
    unless_all : whether others that hold every image of the map are let pass

    Raises
    ------
    ContradictoryImagesError
        Two images are equal where values above 0 are concerned.
    """
    if stored.shape[1:] != others.shape[1:]:
        return
    positive = np.maximum(others, 0)  # pixels without a sign cannot hold the others
    copied = [any(_is_copy(one, other) for other in positive) for one in stored]
    if any(copied) and not (unless_all and all(copied)):
        msg = (
            f"An image of the {name} has the pixels of the {other_name}, so one of the two holds the pixels of the "
            f"other. {_SEND_AGAIN}"
        )
        raise ContradictoryImagesError(msg)


def _is_copy(one: Stored, other: Stored) -> bool:
    return np.array_equal(one, other) and len(np.unique(one)) >= MIN_VALUES
