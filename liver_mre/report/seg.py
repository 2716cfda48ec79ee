"""Predicted liver and measured region as a DICOM segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationTypeValues,
    SegmentDescription,
)
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import MAX_VALUE_LEN

from liver_mre.about import APPLICATION
from liver_mre.report import codes, sop_common
from liver_mre.report.references import instance_references, reference_item, referenced_series
from liver_mre.report.stand_ins import restore, stand_ins_in_space
from liver_mre.report.wording import INTENDED_USE, notes_sentence, unit_remark

if TYPE_CHECKING:
    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

LIVER_SEGMENT: Final = 1
REGION_SEGMENT: Final = 2
_LIVER_RGB = (221, 130, 101)  # liver's colour in 3D Slicer's GenericAnatomyColors table
_REGION_RGB = (80, 174, 128)  # darker and bluer, so that colour-blind readers tell it from the liver, too
_EXPLICIT_LITTLE_ENDIAN = str(ExplicitVRLittleEndian)


def build_segmentation(content: ReportContent) -> Dataset:
    """Build a binary segmentation with two segments, "Liver" (predicted) and "Measured region" (inside it).

    Frames are on the pixel grid of the stiffness slices, from one or several instances and series: that of slice s
    refers to `content.volume.instances[s]` and, if this is a frame, to its number. Empty slices have frames, too.

    Raises
    ------
    GeometryError
        If the geometry of the sources is unusable, see `stand_ins_in_space`.
    ValueError
        If the exam is not evaluable or no liver was predicted: an empty segmentation could be misread.
    """
    if content.measured is None or not content.mask.liver.any():
        msg = "An exam without a measurement or without liver has no segmentation. Write the report only."
        raise ValueError(msg)
    images = stand_ins_in_space(content)
    result: Dataset = Segmentation(
        source_images=images,
        pixel_array=np.stack([content.mask.liver, content.measured_pixels], axis=-1).astype(np.uint8),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_liver(content), _region(content)],
        content_label="LIVER",
        content_description=INTENDED_USE,
        omit_empty_frames=False,
        transfer_syntax_uid=_EXPLICIT_LITTLE_ENDIAN,
        **sop_common.instance_arguments(content, sop_common.SEGMENTATION),
    )
    restore(result.PerFrameFunctionalGroupsSequence, images, content)
    result.SourceImageSequence = [reference_item(reference) for reference in instance_references(content)]
    result.ReferencedSeriesSequence = referenced_series(content)
    result.BodyPartExamined = "LIVER"
    result.ContentCreatorName = ""  # required, and no person made it
    sop_common.finish(result, content)
    return result


def _liver(content: ReportContent) -> SegmentDescription:
    model = content.mask.model
    segment = SegmentDescription(
        segment_number=LIVER_SEGMENT,
        segment_label=sop_common.LIVER,
        segmented_property_category=codes.ANATOMICAL_STRUCTURE,
        segmented_property_type=codes.LIVER,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=model.name, version=model.version, family=codes.ARTIFICIAL_INTELLIGENCE
        ),
        tracking_uid=content.tracking_uid,
        tracking_id=sop_common.LIVER,
        display_color=CIELabColor.from_rgb(*_LIVER_RGB),
    )
    if description := _description(content):
        segment.SegmentDescription = description
    return segment


def _region(content: ReportContent) -> SegmentDescription:
    return SegmentDescription(
        segment_number=REGION_SEGMENT,
        segment_label=sop_common.REGION,
        segmented_property_category=codes.SPATIAL_CONCEPT,
        segmented_property_type=codes.REGION_OF_INTEREST,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=APPLICATION, version=content.application_version, family=codes.ARTIFICIAL_INTELLIGENCE
        ),
        tracking_uid=content.region_uid,
        tracking_id=sop_common.REGION,
        anatomic_regions=[codes.LIVER],
        display_color=CIELabColor.from_rgb(*_REGION_RGB),
    )


def _description(content: ReportContent) -> str:
    """Return unit remark and notes, or the remark alone if both are too long; the structured report has both."""
    remark = unit_remark(content)
    full = " ".join(filter(None, (remark, notes_sentence(content))))
    return full if len(full) <= MAX_VALUE_LEN["ST"] else remark
