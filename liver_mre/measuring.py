"""The last steps of the method: measure an exam, choose which are reported, stage fibrosis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from liver_mre import APPLICATION, __version__
from liver_mre.core.change import change_since
from liver_mre.core.measurement import measure, region_of_interest
from liver_mre.core.result import Reason
from liver_mre.core.roi import find_region
from liver_mre.core.selection.acquisitions import preferred, with_choice
from liver_mre.core.staging import stage
from liver_mre.core.uncertainty import calibration_for, interval_of, sampling_error, segmentation_error
from liver_mre.core.units import check_plausible
from liver_mre.exam import Exam, released
from liver_mre.steps import have

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from liver_mre.case import Case
    from liver_mre.core.result import ExamMeasurement, StiffnessInterval
    from liver_mre.core.roi import Region
    from liver_mre.core.uncertainty import Calibration
    from liver_mre.core.volume import LiverMask
    from liver_mre.steps import Toolkit

AREA_TOO_SMALL = (
    "Only {:.1f} cm2 of the liver can be measured by confidence and by the rules of the region, and at least {:g} cm2 "
    "are needed, so nothing was measured. Check the driver, the breath-hold and the liver's iron, and repeat the "
    "acquisition."
)
NO_LIVER = "No liver was found in the elastogram, so nothing was measured. Look at the images and the driver."
NO_CONFIDENT_LIVER = (
    "No pixel of the liver reaches the confidence threshold, so nothing was measured. "
    "Check the driver, the breath-hold and the liver's iron, and repeat the acquisition."
)
OTHER_NETWORK = (
    "No 95 % interval and no probabilities are given: the interval was calibrated with outlines of the liver by {}, "
    "and {} made this one."
)
OTHER_INPUT = (
    "No 95 % interval and no probabilities are given: none was calibrated for outlines of the liver that were made "
    "from {}."
)


def measure_stiffness(exam: Exam, toolkit: Toolkit) -> Exam:
    """Measure stiffness in the liver of diagnostic slices, on the original pixel values."""
    if exam.not_evaluable is not None:
        return exam
    mask = have(exam.mask)
    volume = have(exam.volume)
    region = _region(exam, mask, toolkit)
    measurement = measure(volume, mask, region.pixels)
    confident = region_of_interest(volume, mask).any()
    reason = _why_not_evaluable(mask, measurement, toolkit.settings.min_area_cm2, confident=bool(confident))
    if measurement is None or reason is not None:
        quality = replace(exam.quality, measurable=False) if exam.quality else None
        return replace(exam, not_evaluable=reason, quality=quality)
    check_plausible(measurement.median_kpa)
    mine = [one for one in toolkit.calibrations if one.model == mask.model.title]
    calibration = calibration_for(mine, exam.network_channels)
    warnings = () if calibration else (_why_no_interval(exam, mask, toolkit),)
    interval = _interval(exam, measurement.mean_kpa, region.pixels, toolkit, calibration) if calibration else None
    measurement = replace(measurement, interval=interval, removed=region.removed)
    return replace(exam, region=region, measurement=measurement, warnings=(*exam.warnings, *warnings))


def _region(exam: Exam, mask: LiverMask, toolkit: Toolkit) -> Region:
    """Return what of the liver is measured in the slices that quality control left."""
    volume = have(exam.volume)
    excluded = exam.quality.excluded if exam.quality else ()
    return find_region(volume, mask, toolkit.settings.roi_rules, excluded=excluded, magnitude=volume.magnitude)


def _why_no_interval(exam: Exam, mask: LiverMask, toolkit: Toolkit) -> str:
    """Return why no interval can be given: a calibration belongs to one network, and to what it was shown."""
    made_with, made_by = toolkit.calibrations[0].model, mask.model.title
    if made_with != made_by:
        return OTHER_NETWORK.format(made_with, made_by)
    return OTHER_INPUT.format(" and ".join(name.replace("_", " ") for name in exam.network_channels) or "this input")


def _interval(
    exam: Exam, mean_kpa: float, pixels: NDArray[np.bool_], toolkit: Toolkit, calibration: Calibration
) -> StiffnessInterval | None:
    """Return the interval of the exam's stiffness, by the spread of its pixels and of other outlines of the liver."""
    if mean_kpa <= 0.0:
        return None
    volume, mask = have(exam.volume), have(exam.mask)
    others: list[float | None] = []
    for liver in mask.alternatives:
        other = replace(mask, liver=liver, alternatives=())
        found = measure(volume, other, _region(exam, other, toolkit).pixels)
        others.append(found.mean_kpa if found else None)
    sampling = sampling_error(volume, pixels, calibration.correlation_cm2)
    return interval_of(mean_kpa, sampling, segmentation_error(mean_kpa, others), calibration)


def _why_not_evaluable(
    mask: LiverMask, measurement: ExamMeasurement | None, min_area_cm2: float, *, confident: bool
) -> Reason | None:
    if not mask.liver.any():
        return Reason("no_liver", NO_LIVER)
    if not confident:
        return Reason("no_confident_liver", NO_CONFIDENT_LIVER)
    area_cm2 = measurement.area_cm2 if measurement else 0.0
    if measurement is None or area_cm2 < min_area_cm2:
        return Reason("area_too_small", AREA_TOO_SMALL.format(area_cm2, min_area_cm2))
    return None


def choose_exams(case: Case, toolkit: Toolkit) -> Case:
    """Choose which exams are reported: the one with the largest measured area, or all if the settings say so.

    Where none could be measured, the last that was looked at completely says why.
    """
    best = preferred([exam.area_cm2 for exam in case.exams])
    if best is None:
        best = max(index for index, exam in enumerate(case.exams) if exam.failure is None)
    every = toolkit.settings.all_acquisitions
    exams = []
    for index, exam in enumerate(case.exams):
        if exam.failure is None and (every or index == best):
            exams.append(replace(exam, reported=True, represents=index == best))
        else:
            exams.append(released(exam))
    outcomes = {
        exam.selection.stiffness.series_instance_uid: _why_not_reported(exam, case.exams[best])
        for exam in exams
        if not exam.reported
    }
    exams = [_compared(exam, case, toolkit) if exam.reported else exam for exam in exams]
    chosen = case.exams[best].selection.stiffness.series_instance_uid
    return replace(case, exams=tuple(exams), decisions=with_choice(case.decisions, chosen, outcomes))


def _compared(exam: Exam, case: Case, toolkit: Toolkit) -> Exam:
    """Hold a measured exam against the latest earlier one of the patient that the input holds a report of."""
    reports = case.study.reports if case.study else ()
    if exam.measurement is None or not reports:
        return exam
    prior = toolkit.prior_reports.find(reports, exam.selection.stiffness.first)
    if prior is None:
        return exam
    model = have(exam.model)
    made_by = (f"{APPLICATION} {__version__}", model.title)
    threshold = toolkit.settings.repeatability_percent
    change = change_since(prior, exam.measurement.mean_kpa, made_by, threshold_percent=threshold)
    return replace(exam, change=change)


def _why_not_reported(exam: Exam, best: Exam) -> str:
    reason = exam.failure or exam.not_evaluable
    if reason is not None:
        return reason.message
    return (
        f"Measured, but {best.name} shows more measurable liver: {best.area_cm2 or 0.0:.0f} cm2 against "
        f"{exam.area_cm2 or 0.0:.0f} cm2."
    )


def stage_fibrosis(exam: Exam, toolkit: Toolkit) -> Exam:
    """Read the stiffness against the chosen profile."""
    if exam.measurement is None:
        return exam
    measured = exam.measurement
    return replace(exam, staging=stage(measured.mean_kpa, toolkit.profile, measured.interval))
