"""What headers alone say against a magnitude: a run leaves it out for it, and `check` foresees that."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from liver_mre.errors import MreError
from liver_mre.series.confidence_images import image_number, order_by_number
from liver_mre.series.stack import order_slices
from liver_mre.stiffness.companion_slices import NO_POSITIONS, UnusableError, on_slices, require, rescale
from liver_mre.studies.pixel_format import check_pixel_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.series.acquisition import Acquisition
    from liver_mre.studies.study import Instance, Series

UNREADABLE: Final = "its pixels cannot be read, or lost something"
LEFT_OUT: Final = "The network was not given the {} (series {}): {}."
"""What is left out, the number of its series, and why, as a clause."""
_GREY: Final = (1, "MONOCHROME2")


def without_positions(magnitude: Series, slices: Sequence[Instance]) -> bool:
    """Tell whether the images of a magnitude have to be paired with the slices by number."""
    return len({image.position_mm for image in magnitude.instances}) == 1 < len(slices)


def check_magnitude_headers(magnitude: Series, slices: Sequence[Instance], *, only_masked: bool) -> None:
    """Raise `UnusableError` if headers show that a magnitude does not certainly match the measured slices.

    Parameters
    ----------
    slices : the measured images in slice order
    only_masked : whether the stiffness is known only where the scanner's mask left it
    """
    images = magnitude.instances
    grey = all((image.samples_per_pixel, image.photometric_interpretation) == _GREY for image in images)
    require(grey, "it is not stored as grey values")
    require(not any(image.conflicting for image in images), "files of it contradict each other")
    if without_positions(magnitude, slices):
        _check_numbers(images, slices, only_masked=only_masked)
        rescale(images)
    else:
        rescale(list(chain.from_iterable(on_slices(slices, magnitude))))


def unusable_by_headers(acquisition: Acquisition) -> str | None:
    """Return why a run will leave out the magnitude of an acquisition, as a note; None if headers do not show it."""
    magnitude, maps = acquisition.magnitude, acquisition.maps
    if magnitude is None or maps is None:
        return None
    only_masked = maps.masked is True and maps.confidence is None and maps.unmasked is None
    try:
        check_pixel_headers(magnitude.instances)
        check_magnitude_headers(magnitude, order_slices(maps.stiffness.instances), only_masked=only_masked)
    except UnusableError as error:
        return LEFT_OUT.format("magnitude", magnitude.series_number, error)
    except MreError:
        return LEFT_OUT.format("magnitude", magnitude.series_number, UNREADABLE)
    return None


def _check_numbers(images: Sequence[Instance], slices: Sequence[Instance], *, only_masked: bool) -> None:
    """Check what pairing by InstanceNumber needs."""
    shape = (slices[0].rows, slices[0].columns)
    fits = len(images) % len(slices) == 0 and all((image.rows, image.columns) == shape for image in images)
    require(fits, f"{NO_POSITIONS} other images than the stiffness")
    unique = all(len(set(map(image_number, of))) == len(of) for of in (images, slices))
    require(unique, f"{NO_POSITIONS} InstanceNumber repeats")
    order = order_by_number(slices)
    numbered = sorted(order) in (order, order[::-1])
    require(numbered, f"{NO_POSITIONS} the stiffness is not numbered in the order of its slices")
    require(not only_masked, f"{NO_POSITIONS} no outline of the body in a masked stiffness tells its order")
