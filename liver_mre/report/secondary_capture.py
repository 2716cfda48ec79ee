"""The overlay as a DICOM secondary capture image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from highdicom import CoordinateSystemNames
from highdicom.sc import ConversionTypeValues, SCImage
from highdicom.sr import CodedConcept
from pydicom.uid import ExplicitVRLittleEndian

from liver_mre.report import codes, sop_common
from liver_mre.report.references import instance_references, reference_item
from liver_mre.report.stand_ins import sources_as_evidence
from liver_mre.report.wording import remarks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom import Dataset

    from liver_mre.report.content import ReportContent
    from liver_mre.report.references import Reference

_RGB_NDIM = 3


def build_overlay(content: ReportContent, rgb: NDArray[np.uint8]) -> Dataset:
    """Build the secondary capture image of the overlay.

    It refers to every source image. Its modality is OT: as MR it would be sent back to the application as input.

    Parameters
    ----------
    rgb : (H, W, 3) uint8, from `render_overlay`

    Raises
    ------
    ValueError
        If the picture is not (H, W, 3).
    """
    if rgb.ndim != _RGB_NDIM or rgb.shape[2] != _RGB_NDIM:
        msg = f"Expected a picture of shape (H, W, 3), got {rgb.shape}."
        raise ValueError(msg)
    created = sop_common.created_in_study_zone(content)
    result: Dataset = SCImage.from_ref_dataset(
        sources_as_evidence(content)[0],
        pixel_array=rgb,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system=CoordinateSystemNames.PATIENT,
        patient_orientation=("L", "P"),
        transfer_syntax_uid=str(ExplicitVRLittleEndian),
        **sop_common.instance_arguments(content, sop_common.OVERLAY),
    )
    result.PatientOrientation = None  # a sheet of slices and text has no orientation
    result.ConversionType = ConversionTypeValues.WSD.value
    result.DateOfSecondaryCapture = created.strftime("%Y%m%d")
    result.TimeOfSecondaryCapture = created.strftime("%H%M%S.%f")
    result.BodyPartExamined = "LIVER"
    result.BurnedInAnnotation = "YES"
    result.LossyImageCompression = "00"  # lossy sources are not measured
    result.ImageComments = remarks(content)
    result.DerivationDescription = "Stiffness in colour with the outline of the predicted liver"
    result.SourceImageSequence = [_source(reference) for reference in instance_references(content)]
    sop_common.finish(result, content)
    return result


def _source(reference: Reference) -> Dataset:
    item = reference_item(reference)
    item.PurposeOfReferenceCodeSequence = [CodedConcept.from_code(codes.SOURCE_IMAGE)]
    return item
