"""Images of a map that have the pixels of raw images of its acquisition: magnitude or phase."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from liver_mre.errors import MreError
from liver_mre.stiffness.stored_evidence import check_no_copy
from liver_mre.studies.decoding import read_images

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from liver_mre.series.acquisition import Acquisition
    from liver_mre.studies.study import Series

    Stored = NDArray[np.integer]


class RawImages:
    """The raw images of an acquisition, read when they are first compared with a map, and once."""

    def __init__(self, acquisition: Acquisition) -> None:
        self._acquisition = acquisition

    @cached_property
    def _magnitude(self) -> list[Stored]:
        magnitude = self._acquisition.magnitude
        return [] if magnitude is None else _read([magnitude])

    @cached_property
    def _phases(self) -> list[Stored]:
        return _read(self._acquisition.phases)

    def check_none_in(self, stored: Stored, name: str, *, phases: bool) -> None:
        """Refuse a map of which an image, but not every one, has the pixels of a raw image.

        A magnitude series that repeats the whole map is no magnitude, and left out as such.

        Parameters
        ----------
        stored : (S, R, C) values of the map as stored
        name : which map, in words
        phases : also compare it with the phase images, of which there can be hundreds

        Raises
        ------
        ContradictoryImagesError
            An image equals a raw image where values above 0 are concerned.
        """
        for images in self._magnitude:
            check_no_copy(stored, images, name, "magnitude series", unless_all=True)
        for images in self._phases if phases else ():
            check_no_copy(stored, images, name, "phase series")


def _read(several: Iterable[Series]) -> list[Stored]:
    """Return the stored values of series, (N, R, C) each; those that cannot be read are left out anyway."""
    found = []
    for series in several:
        with suppress(MreError):
            found.append(np.stack([image.stored for image in read_images(series.instances)]))
    return found
