"""Content items that every part of the structured report is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from highdicom.sr import (
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
)
from pydicom.uid import MRImageStorage

from liver_mre.report import codes
from liver_mre.report.rounding import cutoffs_kpa, rounded_kpa

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom.sr.coding import Code

    from liver_mre.measurement.staging import Staging
    from liver_mre.report.references import Reference

_SR_DECIMALS: Final = 4


def number(name: Code, value: float, unit: Code, derivation: Code | None = None) -> Measurement:
    """Return a NUM item, rounded to 4 decimals."""
    return Measurement(name=name, value=round(float(value), _SR_DECIMALS), unit=unit, derivation=derivation)


def stiffness(value_kpa: float, derivation: Code, staging: Staging | None = None) -> Measurement:
    """Return a stiffness, rounded to 4 decimals but never across a cut-off of the staging."""
    return Measurement(
        name=codes.ELASTICITY,
        value=rounded_kpa(value_kpa, cutoffs_kpa(staging), decimals=_SR_DECIMALS),
        unit=codes.KILOPASCAL,
        derivation=derivation,
        method=codes.private("mr_elastography"),
    )


def evaluation(name: Code, value: Code) -> QualitativeEvaluation:
    """Return a CODE item."""
    return QualitativeEvaluation(name=name, value=value)


def yes_or_no(key: str, *, answer: bool) -> QualitativeEvaluation:
    """Return a CODE item with a private name and the value yes or no."""
    return evaluation(codes.private(key), codes.YES if answer else codes.NO)


def source_image(reference: Reference) -> SourceImageForMeasurementGroup:
    """Return the IMAGE item of a reference."""
    frames = list(reference.frame_numbers) or None
    return SourceImageForMeasurementGroup(reference.sop_class_uid, reference.sop_instance_uid, frames)


def image_region(outline: NDArray[np.float64], reference: Reference) -> ImageRegion:
    """Return the SCOORD item of a closed outline (N, 2), as column and row, on an image."""
    frames = list(reference.frame_numbers) or None
    region = ImageRegion(
        graphic_type=GraphicTypeValues.POLYLINE,
        graphic_data=outline,
        source_image=SourceImageForRegion(MRImageStorage, reference.sop_instance_uid, frames),
    )
    # Only now, because highdicom looks the class up, and knows no private ones.
    region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPClassUID = reference.sop_class_uid
    return region
