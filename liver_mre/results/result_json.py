"""The content of `result.json`, as `liver_mre/data/result.schema.json` describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from liver_mre.quality.quality_json import quality_json
from liver_mre.results.finding import FailedFinding, MeasuredFinding

if TYPE_CHECKING:
    from liver_mre.liver.mask import ModelIdentity
    from liver_mre.measurement.change import Change
    from liver_mre.measurement.interval import StiffnessInterval
    from liver_mre.measurement.measure import ContourMeasurement, SliceMeasurement, StiffnessMeasurement
    from liver_mre.measurement.staging import Staging
    from liver_mre.results.finding import Finding, SeriesIdentity
    from liver_mre.results.result import RunResult, StudyResult
    from liver_mre.series.acquisition import UnitEvidence
    from liver_mre.series.decisions import SeriesDecision
    from liver_mre.workflow.outcome import OutputFile, Reason

SCHEMA_VERSION: Final = "1.2"


def to_json(result: RunResult) -> dict[str, Any]:
    """Return a run's result as JSON values, valid under `result.schema.json`.

    Numbers are not rounded: the stiffness is exactly the number that was staged. Round for display only, and away from
    the cut-offs.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "application": {"name": result.application, "version": result.version},
        "models": [model_json(model) for model in result.models],
        "status": str(result.status),
        "exit_code": int(result.exit_code),
        "reason": reason_json(result.reason),
        "warnings": list(result.warnings),
        "timings_s": dict(result.timings_s),
        "studies": _studies(result),
    }


def _studies(result: RunResult) -> list[dict[str, Any]]:
    """Return the studies of the run and those of an earlier one, if there are any, in the order of their UIDs."""
    entries = [study_json(study) for study in result.studies]
    if not result.kept:
        return entries
    return sorted(
        entries + [study.content for study in result.kept], key=lambda entry: str(entry["study_instance_uid"])
    )


def model_json(model: ModelIdentity) -> dict[str, Any]:
    """Return the identity of a model."""
    return {
        "name": model.name,
        "version": model.version,
        "sha256": model.sha256,
        "backend": model.backend,
        "precision": model.precision,
    }


def reason_json(reason: Reason | None) -> dict[str, Any] | None:
    """Return code and message of a reason; only the run has an exit code."""
    return {"code": reason.code, "message": reason.message} if reason else None


def study_json(study: StudyResult) -> dict[str, Any]:
    """Return a study's entry of `result.json`."""
    measured = study.measured
    return {
        "study_instance_uid": study.study_instance_uid,
        "status": str(study.status),
        "reason": reason_json(study.reason),
        "input_series": [series_json(decision) for decision in study.input_series],
        "acquisitions": [
            _acquisition(finding, reported=place in study.reported) for place, finding in enumerate(study.findings)
        ],
        "unit": _acquisition_unit(study.finding),
        "measurement": _measurement(study.measurement),
        "staging": _staging(study.staging),
        "change": _change(measured.change if measured else None),
        "outputs": [_output(output) for output in study.outputs],
        "warnings": list(study.warnings),
        "timings_s": dict(study.timings_s),
    }


def series_json(decision: SeriesDecision) -> dict[str, Any]:
    """Return the decision on one series."""
    return {
        "series_instance_uid": decision.series_instance_uid,
        "series_number": decision.series_number,
        "description": decision.description,
        "instances": decision.instances,
        "role": str(decision.role),
        "used": decision.used,
        "reason": decision.reason,
    }


def _acquisition(finding: Finding, *, reported: bool) -> dict[str, Any]:
    measured = finding if isinstance(finding, MeasuredFinding) else None
    provenance = finding.provenance
    return {
        **identity_json(finding.series),
        "status": str(finding.status),
        "reported": reported,
        "reason": reason_json(finding.reason),
        "unit": _acquisition_unit(finding),
        "measurement": _measurement(measured.measurement if measured else None),
        "staging": _staging(measured.staging if measured else None),
        "change": _change(measured.change if measured else None),
        "scanner_contour": _contour(measured.contour if measured else None),
        "quality": quality_json(finding.quality, finding.verdict),
        "notes": list(provenance.notes) if provenance else [],
        "network_channels": list(provenance.network_channels) if provenance else [],
    }


def _acquisition_unit(finding: Finding | None) -> dict[str, Any] | None:
    return None if finding is None or isinstance(finding, FailedFinding) else unit_json(finding.provenance.unit)


def identity_json(series: SeriesIdentity) -> dict[str, Any]:
    """Return the series that stands for an acquisition."""
    return {
        "series_instance_uid": series.series_instance_uid,
        "series_number": series.series_number,
        "description": series.description,
    }


def _contour(contour: ContourMeasurement | None) -> dict[str, Any] | None:
    return {"stiffness_kpa_mean": contour.mean_kpa, "area_cm2": contour.area_cm2} if contour else None


def unit_json(unit: UnitEvidence | None) -> dict[str, Any] | None:
    """Return how stored values became kPa."""
    if unit is None:
        return None
    return {
        "kpa_per_count": unit.kpa_per_count,
        "offset_kpa": unit.offset_kpa,
        "source": unit.source,
        "detail": unit.detail,
    }


def _measurement(measurement: StiffnessMeasurement | None) -> dict[str, Any] | None:
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
