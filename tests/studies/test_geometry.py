"""The affine takes pixels to where DICOM says that they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liver_mre.studies.geometry import StackGeometry
from liver_mre.studies.study import Instance

TILTED = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0)
"""Row and column direction of a stack that is turned about its normal."""
IMAGES = tuple(
    Instance(
        "",
        f"1.2.{number}",
        "1.2.840.10008.5.1.4.1.1.4",
        rows=128,
        columns=96,
        position_mm=(-170.0, -160.0, 10.0 * number),
        orientation=TILTED,
        pixel_spacing_mm=(1.5, 2.0),
        slice_thickness_mm=8.0,
    )
    for number in range(4)
)


def test_the_first_pixel_of_every_slice_is_at_its_image_position() -> None:
    geometry = StackGeometry.of(IMAGES)
    assert geometry is not None
    assert geometry.shape == (4, 128, 96)
    for number, image in enumerate(IMAGES):
        assert geometry.position_mm((number, 0, 0)) == pytest.approx(image.position_mm)


def test_one_column_further_is_one_column_spacing_along_the_row() -> None:
    geometry = StackGeometry.of(IMAGES)
    assert geometry is not None
    assert geometry.position_mm((0, 0, 1)) == pytest.approx((-170 + 2 * 0.8, -160 + 2 * 0.6, 0))
    assert geometry.position_mm((0, 1, 0)) == pytest.approx((-170 - 1.5 * 0.6, -160 + 1.5 * 0.8, 0))
    assert geometry.spacing_mm == pytest.approx((10.0, 1.5, 2.0))


def test_a_single_slice_is_as_thick_as_it_says() -> None:
    geometry = StackGeometry.of(IMAGES[:1])
    assert geometry is not None
    assert np.allclose(geometry.affine[:3, 0], (0, 0, 8))


def test_images_without_a_position_have_no_geometry() -> None:
    assert StackGeometry.of((replace(IMAGES[0], position_mm=None),)) is None
