"""Which images of a confidence map belong to which slices of the stiffness, as their headers say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.errors import GeometryError, MissingSlicesError
from liver_mre.studies.geometry import grid_offset, images_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.studies.study import Instance, Series


def images_of_slices(confidence: Series, slices: Sequence[Instance], *, paired_by_number: bool) -> list[list[Instance]]:
    """Return the images of a confidence map for each stiffness slice: at least one at its position, or one by number.

    Raises
    ------
    MissingSlicesError
        The map lacks a slice.
    GeometryError
        Its images do not lie on the pixels of the stiffness, or it is not clear which belongs to which slice.
    """
    if paired_by_number:
        return [[image] for image in _by_number(confidence, slices)]
    return [_at(confidence, image) for image in slices]


def image_number(instance: Instance) -> tuple[int, int]:
    """Return the sort key of images without usable positions."""
    return instance.instance_number, instance.frame_number or 0


def order_by_number(instances: Sequence[Instance]) -> list[int]:
    """Return the indices of slices in the order of their image numbers."""
    return sorted(range(len(instances)), key=lambda index: image_number(instances[index]))


def _at(confidence: Series, image: Instance) -> list[Instance]:
    here = images_at(confidence, image)
    if not here:
        msg = "The confidence map lacks a slice of the stiffness series. Send the complete series again."
        raise MissingSlicesError(msg)
    if any(grid_offset(image, candidate) is None for candidate in here):
        msg = (
            "The confidence map does not lie on the pixels of the stiffness series: ImagePositionPatient, PixelSpacing "
            "or the size of the images differ. Nothing was measured."
        )
        raise GeometryError(msg)
    return here


def _by_number(confidence: Series, slices: Sequence[Instance]) -> list[Instance]:
    """Pair in the order of InstanceNumber; return the images in the order of the stiffness slices."""
    if len(confidence.instances) != len(slices):
        msg = (
            f"The confidence map has {len(confidence.instances)} images and no usable positions, but the stiffness "
            f"series has {len(slices)}, so they cannot be paired. Send the complete series again."
        )
        raise GeometryError(msg)
    for images, name in ((confidence.instances, "confidence map"), (slices, "stiffness series")):
        if len(set(map(image_number, images))) != len(images):
            msg = (
                f"The confidence map has no usable positions, and InstanceNumber repeats in the {name}, so they cannot "
                "be paired. Nothing was measured."
            )
            raise GeometryError(msg)
    paired = dict(zip(order_by_number(slices), sorted(confidence.instances, key=image_number), strict=True))
    return [paired[index] for index in range(len(slices))]
