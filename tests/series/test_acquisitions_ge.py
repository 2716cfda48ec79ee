"""A repeated GE exam with everything that its scanner sends, by the shipped rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from liver_mre.series.roles import Role
from liver_mre.studies.study import Series
from tests.planning import select
from tests.series import study_factory as made
from tests.series.acquisition_factory import RULES

if TYPE_CHECKING:
    from liver_mre.series.acquisition import Acquisition

ELASTOGRAM = replace(
    made.GE_UNMASKED,
    protocol_name="Liver MRE",
    private_sequence_name="fgremre",
    image_type=("DERIVED", "SECONDARY", "PROCESSED"),
    acquisition_number=1,
)
MASKED = replace(ELASTOGRAM, series_description="Elastogram masked")
CONFIDENCE = replace(ELASTOGRAM, series_description="Confidence map", window=(950.0, 100.0))
COLOUR = replace(ELASTOGRAM, samples_per_pixel=3, photometric_interpretation="RGB")
RAW = replace(
    ELASTOGRAM,
    series_description="MR Touch",
    image_type=("ORIGINAL", "PRIMARY", "OTHER"),
    window=None,
    position_mm=(0.0, 0.0, 0.0),
    pixel_spacing_mm=(1.0, 1.0),
)


def raw_series(number: int) -> Series:
    """Four slices of four phase offsets, first all phase images and then all magnitude images, at no true position."""
    images = (replace(RAW, sop_instance_uid=f"{number}.{i}", instance_number=i) for i in range(1, 33))
    return Series(f"1.2.{number}", number, tuple(images))


def exam(number: int, second: float | None) -> list[Series]:
    derived = (ELASTOGRAM, MASKED, CONFIDENCE, COLOUR)
    series = [raw_series(number), *(made.series(template, 100 * number + i) for i, template in enumerate(derived))]
    return [
        replace(one, instances=tuple(replace(image, acquired_s=second) for image in one.instances)) for one in series
    ]


def numbers(selection: Acquisition) -> tuple[int | None, ...]:
    series = (selection.series, selection.maps.confidence, selection.magnitude)
    return tuple(one.series_number if one else None for one in series)


def test_each_repeat_keeps_its_own_elastogram_confidence_map_and_half_of_its_raw_series() -> None:
    found = select(made.study(*exam(6, 400.0), *exam(5, 100.0)), RULES)
    assert [numbers(one) for one in found.acquisitions] == [(500, 502, 5), (600, 602, 6)]
    assert [len(one.magnitude.instances) for one in found.acquisitions if one.magnitude] == [16, 16]
    assert [(d.role, d.used) for d in found.decisions if d.series_number == 5] == [
        (Role.PHASE, False),
        (Role.MAGNITUDE, True),
    ]
    assert not any(d.used for d in found.decisions if d.role is Role.COLOUR)
    assert [one.unit.kpa_per_count for one in found.acquisitions] == [0.001, 0.001]


@pytest.mark.parametrize("second", [None, 0.0])
def test_an_anonymised_exam_without_names_is_measured_through_its_confidence_map(second: float | None) -> None:
    nameless = {"series_description": "", "private_sequence_name": "", "protocol_name": "", "acquired_s": second}
    templates = (ELASTOGRAM, MASKED, CONFIDENCE)
    series = [made.series(replace(template, **nameless), 500 + i) for i, template in enumerate(templates)]
    found = select(made.study(*series), RULES).acquisitions
    assert [numbers(one) for one in found] == [(500, 502, None), (501, 502, None)]
    assert [one.maps.masked for one in found] == [False, False]
