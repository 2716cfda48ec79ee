"""Quality in the structured report: items for the group of the exam, and a group for each slice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from highdicom.sr import AlgorithmIdentification, MeasurementsAndQualitativeEvaluations, TrackingIdentifier
from pydicom.uid import generate_uid

from liver_mre.about import APPLICATION
from liver_mre.quality.verdict import Verdict
from liver_mre.report import codes
from liver_mre.report.references import slice_references
from liver_mre.report.sr.items import evaluation, number, source_image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from highdicom.sr import Measurement, QualitativeEvaluation

    from liver_mre.quality.verdict import AcquisitionQuality, Cause, Check, SliceQuality
    from liver_mre.report.content import ReportContent

_QUALITIES: Final = {Verdict.GREEN: codes.DIAGNOSTIC, Verdict.AMBER: codes.LIMITED, Verdict.RED: codes.NON_DIAGNOSTIC}
_UNITS: Final = {"cm2": codes.SQUARE_CENTIMETRE, "rad": codes.RADIAN, "1": codes.RATIO}


def exam_quality(content: ReportContent) -> list[QualitativeEvaluation]:
    """Return image quality of the exam, who judged it, the causes of its slices, and its failed checks.

    An exam that is not evaluable is non-diagnostic whatever its slices are. Without quality control, quality is
    "limited" if a slice with predicted liver could not be measured, and otherwise not stated.
    """
    quality = content.finding.quality
    if quality is None:
        return _without_quality_control(content)
    verdict = content.finding.verdict
    judge = "judge_physics" if content.finding.provenance.quality_model is None else "judge_networks"
    return [
        *([evaluation(codes.IMAGE_QUALITY, _QUALITIES[verdict])] if verdict else []),
        evaluation(codes.private("quality_judge"), codes.private(judge)),
        *_causes(one.cause for one in quality.slices),
        *_failed_checks(quality.checks),
    ]


def exam_numbers(quality: AcquisitionQuality | None) -> list[Measurement]:
    """Return the numbers of the quality checks of the whole exam."""
    return [] if quality is None else _numbers(quality.checks)


def quality_groups(content: ReportContent) -> list[MeasurementsAndQualitativeEvaluations]:
    """Return a group (TID 1501) for the quality of each judged slice, which refers to its image.

    If the exam is not evaluable, the groups hold codes only, no number.
    """
    quality = content.finding.quality
    return [] if quality is None else [_slice_group(content, quality, one) for one in quality.slices]


def _slice_group(
    content: ReportContent, quality: AcquisitionQuality, one: SliceQuality
) -> MeasurementsAndQualitativeEvaluations:
    source = slice_references(content)[one.slice_index]
    identity = [content.tracking_uid, source.sop_instance_uid, str(source.frame_numbers), "quality"]
    verdict = Verdict.RED if one.slice_index in quality.excluded else one.verdict
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=generate_uid(entropy_srcs=identity), identifier=f"Quality of slice {one.slice_index + 1}"
        ),
        algorithm_id=_algorithm(content),
        measurements=[] if content.measured is None else [*_votes(one), *_numbers(one.checks)],
        qualitative_evaluations=[
            evaluation(codes.IMAGE_QUALITY, _QUALITIES[verdict]),
            *_causes([one.cause]),
            *_failed_checks(one.checks),
        ],
        source_images=[source_image(source)],
    )


def _algorithm(content: ReportContent) -> AlgorithmIdentification:
    model = content.finding.provenance.quality_model
    if model is None:
        return AlgorithmIdentification(name=f"{APPLICATION} quality numbers", version=content.application_version)
    return AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[f"application_version={content.application_version}; model_sha256={model.sha256}"],
        family=codes.ARTIFICIAL_INTELLIGENCE,
    )


def _without_quality_control(content: ReportContent) -> list[QualitativeEvaluation]:
    if content.measured is None:
        return [evaluation(codes.IMAGE_QUALITY, codes.NON_DIAGNOSTIC)]
    slices_with_liver = int(content.mask.liver.any(axis=(1, 2)).sum())
    complete = len(content.measured.measurement.slices) >= slices_with_liver
    return [] if complete else [evaluation(codes.IMAGE_QUALITY, codes.LIMITED)]


def _causes(causes: Iterable[Cause | None]) -> list[QualitativeEvaluation]:
    found = dict.fromkeys(cause for cause in causes if cause)
    return [evaluation(codes.private("quality_cause"), codes.private(f"cause_{cause}")) for cause in found]


def _failed_checks(checks: Iterable[Check]) -> list[QualitativeEvaluation]:
    failed = [check.name for check in checks if check.passed is False]
    return [evaluation(codes.private("out_of_limits"), codes.private(f"check_{name}")) for name in failed]


def _votes(one: SliceQuality) -> list[Measurement]:
    found = []
    if one.probability is not None:
        found.append(number(codes.private("quality_probability"), one.probability, codes.RATIO))
    if one.votes is not None:
        found.append(number(codes.private("quality_votes"), one.votes[0] / one.votes[1], codes.RATIO))
    return found


def _numbers(checks: Iterable[Check]) -> list[Measurement]:
    known = [check for check in checks if not math.isnan(check.value)]
    return [number(codes.private(f"check_{check.name}"), check.value, _UNITS[check.unit]) for check in known]
