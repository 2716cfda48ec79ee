"""What a run would refuse for the headers of measured images is refused when the study is planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from liver_mre.errors import GeometryError, InvalidInputError, LossyPixelsError, TruncatedFileError, UnusablePixelsError
from liver_mre.studies.study import PixelFault
from tests.series import study_factory as made
from tests.series.acquisition_factory import CONFIDENCE, only

if TYPE_CHECKING:
    from liver_mre.studies.study import Series

SINGLE = {"slice_thickness_mm": None}


def with_one_changed(series: Series, **changes: Any) -> Series:
    """Return a series whose third image differs."""
    images = series.instances
    return replace(series, instances=(*images[:2], replace(images[2], **changes), *images[3:]))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"sop_class_uid": ""}, InvalidInputError, "SOPClassUID"),
        ({"frame_of_reference_uid": "1.2.9"}, GeometryError, "2 different frames of reference"),
        ({"loss": "LossyImageCompression is 01"}, LossyPixelsError, "compressed with loss"),
        ({"pixel_fault": PixelFault("BitsStored is missing")}, UnusablePixelsError, "BitsStored is missing"),
        ({"pixel_fault": PixelFault("the file is truncated", truncated=True)}, TruncatedFileError, "is truncated"),
    ],
)
def test_one_image_that_a_run_could_not_use_refuses_the_series(
    changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    usual = made.series(replace(made.MASKED, frame_of_reference_uid="1.2.8"), 7)
    assert only(usual).series.instances == usual.instances
    with pytest.raises(error, match=words):
        only(with_one_changed(usual, **changes))


def test_pixels_of_the_confidence_map_must_be_readable_as_well() -> None:
    stiffness, confidence = made.series(made.UNMASKED, 6), made.series(CONFIDENCE, 9)
    with pytest.raises(LossyPixelsError):
        only(stiffness, with_one_changed(confidence, loss="LossyImageCompression is 01"))


@pytest.mark.parametrize("keyword", ["PatientID", "IssuerOfPatientID", "AccessionNumber"])
def test_an_identifier_that_results_cannot_carry_is_refused_by_its_name(keyword: str) -> None:
    series = made.series(replace(made.MASKED, unusable_identifiers=(keyword,)), 7)
    with pytest.raises(InvalidInputError, match=f"^{keyword} of the stiffness images"):
        only(series)


def test_a_single_slice_needs_a_thickness_and_several_have_their_distance() -> None:
    thin = replace(made.MASKED, slice_thickness_mm=None)
    with pytest.raises(GeometryError, match="SliceThickness is missing in the single stiffness image"):
        only(made.series(thin, 7, (0.0,)))
    assert only(made.series(thin, 7))
    assert only(made.series(replace(thin, spacing_between_slices_mm=10.0), 7, (0.0,)))


def test_a_confidence_map_that_does_not_lie_on_the_stiffness_is_refused_before_its_pixels_are_read() -> None:
    shifted = replace(CONFIDENCE, position_mm=(0.0, 0.0, 0.0))
    images = tuple(
        replace(image, position_mm=(-190.0, -158.6, image.position_mm[2] if image.position_mm else 0.0))
        for image in made.series(shifted, 9).instances
    )
    with pytest.raises(GeometryError, match="does not lie on the pixels"):
        only(made.series(made.UNMASKED, 6), replace(made.series(shifted, 9), instances=images))
