"""Images of a map that have the pixels of raw images of its acquisition: magnitude or phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from liver_mre.errors import MreError
from liver_mre.stiffness.stored_evidence import check_no_copy
from liver_mre.studies.decoding import read_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.series.acquisition import Acquisition

    Stored = NDArray[np.integer]


def check_no_raw_pixels(stored: Stored, name: str, acquisition: Acquisition, *, phases: bool) -> None:
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
    raw = [] if acquisition.magnitude is None else [(acquisition.magnitude, "magnitude series")]
    raw += [(series, "phase series") for series in acquisition.phases] if phases else []
    for series, other_name in raw:
        try:
            images = np.stack([image.stored for image in read_images(series.instances)])
        except MreError:
            continue  # it is left out for that
        check_no_copy(stored, images, name, other_name, unless_all=other_name == "magnitude series")
