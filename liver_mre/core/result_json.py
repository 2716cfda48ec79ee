"""The content of `result.json`, as `liver_mre/data/result.schema.json` describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from liver_mre.core.quality.as_json import quality_json

if TYPE_CHECKING:
    from liver_mre.core.result import (
        AcquisitionResult,
        Change,
        ContourMeasurement,
        ExamMeasurement,
        OutputFile,
        Reason,
        RunResult,
        SliceMeasurement,
        Staging,
        StiffnessInterval,
        StudyResult,
    )
    from liver_mre.core.study import SeriesDecision, UnitEvidence
    from liver_mre.core.volume import ModelIdentity

SCHEMA_VERSION: Final = "1.2"


def to_json(result: RunResult) -> dict[str, Any]:
    """Return a run's result as plain JSON values.

    Numbers are passed on as they are, in full: the stiffness is the very number that was staged, so that no
    reader who rounds it can blame the staging. Round for display only, and away from the cut-offs.

    Parameters
    ----------
    result : what a run found

    Returns
    -------
    dict
        Valid under `result.schema.json`; write it with `json.dumps(..., allow_nan=False)`.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "application": {"name": result.application, "version": result.version},
        "models": [_model(model) for model in result.models],
        "status": str(result.status),
        "exit_code": int(result.exit_code),
        "reason": _reason(result.reason),
        "warnings": list(result.warnings),
        "timings_s": dict(result.timings_s),
        "studies": [_study(study) for study in result.studies],
    }


def _model(model: ModelIdentity) -> dict[str, Any]:
    return {
        "name": model.name,
        "version": model.version,
        "sha256": model.sha256,
        "backend": model.backend,
        "precision": model.precision,
    }


def _reason(reason: Reason | None) -> dict[str, Any] | None:
    return {"code": reason.code, "message": reason.message} if reason else None


def _study(study: StudyResult) -> dict[str, Any]:
    return {
        "study_instance_uid": study.study_instance_uid,
        "status": str(study.status),
        "reason": _reason(study.reason),
        "input_series": [_series(decision) for decision in study.input_series],
        "acquisitions": [_acquisition(one) for one in study.acquisitions],
        "unit": _unit(study.unit),
        "measurement": _measurement(study.measurement),
        "staging": _staging(study.staging),
        "change": _change(study.change),
        "outputs": [_output(output) for output in study.outputs],
        "warnings": list(study.warnings),
        "timings_s": dict(study.timings_s),
    }


def _series(decision: SeriesDecision) -> dict[str, Any]:
    return {
        "series_instance_uid": decision.series_instance_uid,
        "series_number": decision.series_number,
        "description": decision.description,
        "instances": decision.instances,
        "role": str(decision.role),
        "used": decision.used,
        "reason": decision.reason,
    }


def _acquisition(one: AcquisitionResult) -> dict[str, Any]:
    return {
        "series_instance_uid": one.series_instance_uid,
        "series_number": one.series_number,
        "description": one.description,
        "status": str(one.status),
        "reported": one.reported,
        "reason": _reason(one.reason),
        "unit": _unit(one.unit),
        "measurement": _measurement(one.measurement),
        "staging": _staging(one.staging),
        "change": _change(one.change),
        "scanner_contour": _contour(one.contour),
        "quality": quality_json(one.quality),
        "notes": list(one.notes),
        "network_channels": list(one.network_channels),
    }


def _contour(contour: ContourMeasurement | None) -> dict[str, Any] | None:
    return {"stiffness_kpa_mean": contour.mean_kpa, "area_cm2": contour.area_cm2} if contour else None


def _unit(unit: UnitEvidence | None) -> dict[str, Any] | None:
    if unit is None:
        return None
    return {
        "kpa_per_count": unit.kpa_per_count,
        "offset_kpa": unit.offset_kpa,
        "source": unit.source,
        "detail": unit.detail,
    }


def _measurement(measurement: ExamMeasurement | None) -> dict[str, Any] | None:
    if measurement is None:
        return None
    return {
        "stiffness_kpa": {
            "mean": measurement.mean_kpa,
            "sd": measurement.sd_kpa,
            "median": measurement.median_kpa,
            "p25": measurement.p25_kpa,
            "p75": measurement.p75_kpa,
        },
        "area_cm2": measurement.area_cm2,
        "liver_area_cm2": measurement.liver_area_cm2,
        "measurable_share": measurement.measurable_share,
        "slices": [_slice(one) for one in measurement.slices],
        "interval": _interval(measurement.interval),
        "removed": [{"rule": str(one.reason), "area_cm2": one.area_cm2} for one in measurement.removed],
    }


def _interval(interval: StiffnessInterval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {
        "level": interval.level,
        "low_kpa": interval.low_kpa,
        "high_kpa": interval.high_kpa,
        "relative_sd": {
            "sampling": interval.sampling,
            "segmentation": interval.segmentation,
            "residual": interval.residual,
        },
        "calibration": interval.calibration,
    }


def _change(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "kpa": change.kpa,
        "percent": change.percent,
        "threshold_percent": change.threshold_percent,
        "exceeds_threshold": change.exceeds,
        "same_versions": change.same_versions,
        "prior": {
            "stiffness_kpa_mean": change.prior.stiffness_kpa,
            "study_date": change.prior.study_date,
            "study_instance_uid": change.prior.study_instance_uid,
            "sop_instance_uid": change.prior.sop_instance_uid,
            "made_by": list(change.prior.made_by),
        },
    }


def _slice(one: SliceMeasurement) -> dict[str, Any]:
    return {
        "sop_instance_uid": one.sop_instance_uid,
        "frame_number": one.frame_number,
        "stiffness_kpa_mean": one.stiffness_kpa_mean,
        "stiffness_kpa_sd": one.stiffness_kpa_sd,
        "stiffness_kpa_median": one.stiffness_kpa_median,
        "area_cm2": one.area_cm2,
    }


def _staging(staging: Staging | None) -> dict[str, Any] | None:
    if staging is None:
        return None
    return {
        "profile": staging.profile,
        "category": staging.category,
        "metavir_min": staging.metavir_min,
        "metavir_max": staging.metavir_max,
        "significant_fibrosis": staging.significant_fibrosis,
        "significant_cutoff_kpa": staging.significant_cutoff_kpa,
        "significant_probability": staging.significant_probability,
        "probabilities": [{"category": one.category, "probability": one.probability} for one in staging.probabilities],
        "crosses_cutoff": bool(staging.crossed_kpa),
        "crossed_cutoffs_kpa": list(staging.crossed_kpa),
    }


def _output(output: OutputFile) -> dict[str, Any]:
    return {"kind": output.kind, "path": output.path, "sop_instance_uid": output.sop_instance_uid}
