"""Measurement groups of the structured report: the exam, the predicted liver, and one for each measured slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    ContentSequence,
    FindingSite,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    RelationshipTypeValues,
    TrackingIdentifier,
)
from pydicom.uid import generate_uid

from liver_mre.report import codes, sop_common
from liver_mre.report.outline import largest_outline
from liver_mre.report.references import instance_references, slice_references
from liver_mre.report.sr.change import change_evaluations, change_measurements
from liver_mre.report.sr.confidence_interval import crossing_evaluations, interval_measurements, removed_areas
from liver_mre.report.sr.items import evaluation, image_region, number, source_image, stiffness, yes_or_no
from liver_mre.report.sr.quality import exam_numbers, exam_quality

if TYPE_CHECKING:
    from highdicom.sr import Measurement, QualitativeEvaluation
    from numpy.typing import NDArray

    from liver_mre.measurement.measure import SliceMeasurement, StiffnessMeasurement
    from liver_mre.measurement.staging import Staging
    from liver_mre.report.content import ReportContent
    from liver_mre.workflow.outcome import Reason


def exam_group(content: ReportContent) -> MeasurementsAndQualitativeEvaluations:
    """Return the group of the exam (TID 1501): the measurement, or the reason why there is none.

    Its tracking UID is that of the segment it describes: the measured region, or the liver where nothing was measured.
    """
    evaluations = exam_quality(content)
    measurements: list[Measurement] = []
    measured = content.measured
    if measured is None:
        evaluations += _not_evaluable(content.finding.reason)
    else:
        measurements = [
            *_exam_measurements(measured.measurement, measured.staging),
            *interval_measurements(measured.measurement, measured.staging),
            *removed_areas(measured.measurement),
            *change_measurements(measured.change),
            *exam_numbers(measured.quality),
        ]
        evaluations += [*_staging(measured.staging), *change_evaluations(measured.change)]
    tracking = (content.region_uid, sop_common.REGION) if measured else (content.tracking_uid, sop_common.LIVER)
    group = _group(content, tracking, measurements, evaluations)
    _add_method(group)
    return group


def _group(
    content: ReportContent,
    tracking: tuple[str, str],
    measurements: list[Measurement],
    evaluations: list[QualitativeEvaluation],
) -> MeasurementsAndQualitativeEvaluations:
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(*tracking),
        finding_type=codes.LIVER,
        finding_sites=[FindingSite(anatomic_location=codes.LIVER)],
        algorithm_id=_algorithm(content),
        measurements=measurements,
        qualitative_evaluations=evaluations,
        source_images=[source_image(one) for one in instance_references(content)],
    )


def liver_groups(content: ReportContent) -> list[MeasurementsAndQualitativeEvaluations]:
    """Return the group of the predicted liver (TID 1501) with its area; empty if the exam is not evaluable."""
    if content.measured is None:
        return []
    area = number(codes.AREA, content.measured.measurement.liver_area_cm2, codes.SQUARE_CENTIMETRE)
    return [_group(content, (content.tracking_uid, sop_common.LIVER), [area], [])]


def slice_groups(content: ReportContent) -> list[PlanarROIMeasurementsAndQualitativeEvaluations]:
    """Return one planar group (TID 1410) for each measured slice; empty if the exam is not evaluable.

    It outlines the largest connected part of the measured region along pixel edges. Each has its own tracking UID,
    because viewers merge groups that share one.
    """
    finding = content.measured
    if finding is None:
        return []
    region = content.measured_pixels
    return [_slice_group(content, finding.staging, one, region) for one in finding.measurement.slices]


def _slice_group(
    content: ReportContent, staging: Staging, measured: SliceMeasurement, region: NDArray[np.bool_]
) -> PlanarROIMeasurementsAndQualitativeEvaluations:
    source = slice_references(content)[measured.slice_index]
    outline = largest_outline(region[measured.slice_index])
    closed = np.vstack([outline, outline[:1]]).astype(np.float64)
    model = content.mask.model
    group = PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=generate_uid(entropy_srcs=[content.tracking_uid, source.sop_instance_uid, str(source.frame_numbers)]),
            identifier=f"Liver, measured region of slice {measured.slice_index + 1}",
        ),
        referenced_region=image_region(closed, source),
        finding_type=codes.LIVER,
        finding_sites=[FindingSite(anatomic_location=codes.LIVER)],
        algorithm_id=AlgorithmIdentification(
            name=model.name, version=model.version, family=codes.ARTIFICIAL_INTELLIGENCE
        ),
        measurements=[
            stiffness(measured.stiffness_kpa_mean, codes.MEAN, staging),
            stiffness(measured.stiffness_kpa_sd, codes.STANDARD_DEVIATION),
            number(codes.AREA, measured.area_cm2, codes.SQUARE_CENTIMETRE),
        ],
    )
    _add_method(group)
    return group


def _add_method(group: ContentSequence) -> None:
    """Add the method with the relationship of TID 1501, row 5; highdicom 0.28 would write "contains"."""
    group[0].ContentSequence.append(
        CodeContentItem(
            name=codes.METHOD,
            value=codes.private("mr_elastography"),
            relationship_type=RelationshipTypeValues.HAS_CONCEPT_MOD,
        )
    )


def _exam_measurements(measured: StiffnessMeasurement, staging: Staging | None) -> list[Measurement]:
    return [
        stiffness(measured.mean_kpa, codes.MEAN, staging),
        stiffness(measured.sd_kpa, codes.STANDARD_DEVIATION),
        stiffness(measured.median_kpa, codes.MEDIAN, staging),
        stiffness(measured.p25_kpa, codes.private("percentile_25"), staging),
        stiffness(measured.p75_kpa, codes.private("percentile_75"), staging),
        number(codes.AREA, measured.area_cm2, codes.SQUARE_CENTIMETRE),
        number(codes.private("liver_area"), measured.liver_area_cm2, codes.SQUARE_CENTIMETRE),
        number(codes.private("measurable_share"), measured.measurable_share, codes.RATIO),
    ]


def _staging(staging: Staging) -> list[QualitativeEvaluation]:
    return [
        evaluation(codes.private("staging_profile"), codes.named("PROFILE", staging.profile)),
        evaluation(codes.private("stiffness_category"), codes.named("CAT", staging.category)),
        evaluation(codes.private("metavir_min"), codes.metavir(staging.metavir_min)),
        evaluation(codes.private("metavir_max"), codes.metavir(staging.metavir_max)),
        yes_or_no("significant_fibrosis", answer=staging.significant_fibrosis),
        *crossing_evaluations(staging),
    ]


def _not_evaluable(reason: Reason | None) -> list[QualitativeEvaluation]:
    code = reason.code if reason else ""
    return [evaluation(codes.private("not_evaluable_reason"), codes.not_evaluable(code))]


def _algorithm(content: ReportContent) -> AlgorithmIdentification:
    model, unit = content.mask.model, content.finding.provenance.unit
    parameters = {
        "application_version": content.application_version,
        "model_sha256": model.sha256,
        "backend": model.backend,
        "precision": model.precision,
    }
    if unit is not None:
        parameters |= {"kpa_per_count": f"{unit.kpa_per_count:g}", "offset_kpa": f"{unit.offset_kpa:g}"}
    if content.measured is not None:
        parameters["significant_fibrosis_cutoff_kpa"] = f"{content.measured.staging.significant_cutoff_kpa:g}"
    # One item, because dcmqi's reader keeps the first only.
    text = codes.plain("; ".join(f"{name}={value}" for name, value in parameters.items()))
    return AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[text],
        family=codes.ARTIFICIAL_INTELLIGENCE,
    )
