"""The structured report: Comprehensive 3D SR, TID 1500 "Measurement Report"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    CodedConcept,
    Comprehensive3DSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from liver_mre.about import APPLICATION
from liver_mre.report import codes, sop_common
from liver_mre.report.references import evidence
from liver_mre.report.sr.groups import exam_group, liver_groups, slice_groups
from liver_mre.report.sr.quality import quality_groups
from liver_mre.report.stand_ins import restore, sources_as_evidence, stand_ins
from liver_mre.report.wording import change_sentence, contour_sentence, crossing_words, disclosure, quality_sentence

if TYPE_CHECKING:
    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

_DEVICE = Code("121007", "DCM", "Device")
_REGION = (
    "Measured region: pixels of the predicted liver with a stiffness of sufficient confidence, less what the rules of "
    "the region left out, each with its area. In the segmentation it is the segment 'Measured region' with the "
    "tracking UID {}, and the predicted liver the segment 'Liver' with the tracking UID {}. Mean and area of a slice "
    "are those of its whole region; the outline is that of its largest connected part."
)


def build_report(content: ReportContent) -> Dataset:
    """Build the structured report of a finding: complete, preliminary and unverified.

    A measured exam has one group for the measured region (TID 1501, without geometry, so that viewers without
    segmentation display show it), one planar group (TID 1410) with the outline for each measured slice, and one group
    (TID 1501) for the predicted liver. An exam that is not evaluable has only the first group, without numbers: image
    quality "non-diagnostic" and the coded reason. With quality control, each slice has a group (TID 1501) with its
    verdict.
    """
    scheme = codes.scheme()
    result: Dataset = Comprehensive3DSR(
        evidence=sources_as_evidence(content),
        content=_document(content),
        is_complete=True,
        is_final=False,
        is_verified=False,
        transfer_syntax_uid=str(ExplicitVRLittleEndian),
        coding_schemes=[
            CodingSchemeIdentificationItem(
                designator=scheme["designator"],
                name=scheme["name"],
                version=scheme["version"],
                responsible_organization=scheme["organization"],
            )
        ],
        **sop_common.instance_arguments(content, sop_common.REPORT),
    )
    result.CurrentRequestedProcedureEvidenceSequence = evidence(content)
    sop_common.finish(result, content)
    return result


def _document(content: ReportContent) -> MeasurementReport:
    images = stand_ins(content)
    library = images if all("SliceThickness" in image for image in images) else None
    document = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_device(content)),
        procedure_reported=codes.MRI_PROCEDURE,
        imaging_measurements=[
            exam_group(content),
            *slice_groups(content),
            *liver_groups(content),
            *quality_groups(content),
        ],
        referenced_images=library,
    )
    if library is not None:
        restore(document, library, content)
    document[0].ContentSequence.append(_notes(content))
    return document


def _device(content: ReportContent) -> ObserverContext:
    # TID 1004 has a role for the device, but CID 7445 holds none that fits software: it is left out.
    return ObserverContext(
        observer_type=_DEVICE,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=sop_common.device_uid(content),
            name=APPLICATION,
            manufacturer_name=sop_common.MANUFACTURER,
            model_name=content.mask.model.title,
        ),
    )


def _notes(content: ReportContent) -> ContainerContentItem:
    """Return the container for evaluations of the whole study, which may hold text (TID 1500, rows 12 to 14)."""
    texts = [
        (codes.private("intended_use"), disclosure(content)),
        (codes.private("unit_evidence"), _unit_sentence(content)),
    ]
    if content.measured is None:
        reason = content.finding.reason
        texts.append((codes.COMMENT, f"Not evaluable. {reason.message if reason else ''}"))
    else:
        texts.append((codes.private("region_definition"), _REGION.format(content.region_uid, content.tracking_uid)))
    comments = [
        *content.notes,
        quality_sentence(content.finding),
        contour_sentence(content),
        _crossing(content),
        change_sentence(content.measured.change if content.measured else None),
    ]
    texts += [(codes.COMMENT, text) for text in comments if text]
    container = ContainerContentItem(
        name=codes.QUALITATIVE_EVALUATIONS, relationship_type=RelationshipTypeValues.CONTAINS
    )
    container.ContentSequence = ContentSequence(
        TextContentItem(
            name=CodedConcept.from_code(name),
            value=codes.plain(text),
            relationship_type=RelationshipTypeValues.CONTAINS,
        )
        for name, text in texts
    )
    return container


def _crossing(content: ReportContent) -> str:
    words = crossing_words(content.measured.staging) if content.measured else ""
    return f"The 95 % interval of the stiffness {words}." if words else ""


def _unit_sentence(content: ReportContent) -> str:
    unit = content.finding.provenance.unit
    if unit is None:
        return "The stiffness is not the scanner's."
    return f"kPa = {unit.kpa_per_count:g} x stored value + {unit.offset_kpa:g}. {unit.source}: {unit.detail}"
