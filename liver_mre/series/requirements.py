"""What the headers of measured images must allow: results that refer to them.

A study that a run would refuse after the network, when results are written, is refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.errors import InvalidInputError
from liver_mre.studies.geometry import frame_of_reference, slice_thickness_mm
from liver_mre.studies.identifiers import unusable_identifier_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from liver_mre.studies.study import Instance

_NO_CLASS = (
    "SOPClassUID of stiffness images is missing or no UID, and so is the class in their file meta information, so "
    "results cannot refer to them. Nothing was measured; send the series again."
)


def check_referable(images: Sequence[Instance]) -> None:
    """Refuse ordered slices that results cannot refer to or lie on.

    Raises
    ------
    InvalidInputError
        An image has no SOP class, or an identifier of the first, from which results take them, cannot be taken over.
    GeometryError
        The slices name several frames of reference, or the thickness of a single one is not known.
    """
    if not all(image.sop_class_uid for image in images):
        raise InvalidInputError(_NO_CLASS)
    for keyword in images[0].unusable_identifiers:
        raise InvalidInputError(unusable_identifier_message(keyword))
    frame_of_reference(images)
    slice_thickness_mm(images)
