"""The predicted liver as a DICOM Segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

from liver_mre.report import codes, common
from liver_mre.report.references import instance_references, reference_item, referenced_series, restore, stand_ins
from liver_mre.report.sources import headers_in_space
from liver_mre.report.wording import INTENDED_USE, notes_sentence, unit_remark

if TYPE_CHECKING:
    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

_LIVER_RGB = (221, 130, 101)  # liver's colour in 3D Slicer's GenericAnatomyColors table
_EXPLICIT_LITTLE_ENDIAN = str(ExplicitVRLittleEndian)


def build_segmentation(content: ReportContent) -> Dataset:
    """Make a binary segmentation with the single segment "Liver".

    It holds the predicted liver, measurable or not; which part of it was measured is in the structured report.
    Frames follow the stiffness slices pixel for pixel: that of slice s refers to `content.sources[s]`, and to the frame
    of it if it is a multi-frame object. Slices may come from several objects and several series.

    Parameters
    ----------
    content : findings of one study

    Returns
    -------
    Segmentation of the sources' study with a frame for every slice, also for slices without liver.

    Raises
    ------
    GeometryError, InvalidInputError
        If the sources cannot be segmented where they lie, or identified, see `headers_in_space`.
    ValueError
        If the exam is not evaluable or no liver was predicted: a segmentation of nothing could be read as one.
    """
    if content.measurement is None or not content.mask.liver.any():
        msg = "An exam without a measurement or without liver has no segmentation. Write the report only."
        raise ValueError(msg)
    images = stand_ins(headers_in_space(content))
    result: Dataset = Segmentation(
        source_images=images,
        pixel_array=content.mask.liver.astype(np.uint8),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_liver(content)],
        content_label="LIVER",
        content_description=INTENDED_USE,
        omit_empty_frames=False,
        transfer_syntax_uid=_EXPLICIT_LITTLE_ENDIAN,
        **common.instance_arguments(content, common.SEGMENTATION),
    )
    restore(result.PerFrameFunctionalGroupsSequence, images, content)
    result.SourceImageSequence = [reference_item(reference) for reference in instance_references(content)]
    result.ReferencedSeriesSequence = referenced_series(content)
    result.BodyPartExamined = "LIVER"
    result.ContentCreatorName = ""  # required, and no person made it
    common.finish(result, content)
    return result


def _liver(content: ReportContent) -> SegmentDescription:
    model = content.mask.model
    segment = SegmentDescription(
        segment_number=1,
        segment_label="Liver",
        segmented_property_category=codes.ANATOMICAL_STRUCTURE,
        segmented_property_type=codes.LIVER,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=model.name, version=model.version, family=codes.ARTIFICIAL_INTELLIGENCE
        ),
        tracking_uid=content.tracking_uid,
        tracking_id="Liver",
        display_color=CIELabColor.from_rgb(*_LIVER_RGB),
    )
    if description := _description(content):
        segment.SegmentDescription = description
    return segment


def _description(content: ReportContent) -> str:
    """Return what a reader should know, as far as it fits whole; the structured report has all of it."""
    remark = unit_remark(content)
    full = " ".join(filter(None, (remark, notes_sentence(content))))
    return full if len(full) <= MAX_VALUE_LEN["ST"] else remark
