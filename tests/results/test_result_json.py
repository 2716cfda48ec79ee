"""Claims about result.json: what is found is in it to the last digit, and contradictions are invalid."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from liver_mre.measurement.change import Change, Prior
from liver_mre.measurement.interval import StiffnessInterval
from liver_mre.measurement.measure import ContourMeasurement, SliceMeasurement, StiffnessMeasurement
from liver_mre.measurement.region import RemovedArea
from liver_mre.measurement.region_rules import Removal
from liver_mre.measurement.staging import CategoryProbability, Staging
from liver_mre.results.finding import FailedFinding, MeasuredFinding, NotEvaluableFinding, Provenance, SeriesIdentity
from liver_mre.results.result import RunResult, StudyResult
from liver_mre.results.result_json import to_json
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.series.decisions import SeriesDecision
from liver_mre.series.roles import Role
from liver_mre.workflow.outcome import OutputFile, Reason, RunStatus, StudyStatus
from tests.volumes import MODEL

SCHEMA = json.loads((Path(__file__).parents[2] / "liver_mre/data/result.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

MEASUREMENT = StiffnessMeasurement(
    mean_kpa=2.799613,
    sd_kpa=0.41,
    median_kpa=2.7,
    p25_kpa=2.5,
    p75_kpa=3.0,
    area_cm2=80.0,
    liver_area_cm2=160.0,
    slices=(SliceMeasurement(1, "1.2.3.4", 2.799613, 0.41, 2.7, 80.0),),
    interval=StiffnessInterval(2.6, 3.0, 0.95, 0.02, 0.01, 0.02, "simulated-1"),
    removed=(RemovedArea(Removal.EDGE, 12.5), RemovedArea(Removal.VESSEL, 0.0)),
)
CHANGE = Change(
    Prior(3.4, "20240301", "101500", ("liver-mre 0.1.0", "net 1.0"), "1.2.8", "1.2.7"),
    kpa=-0.600387,
    percent=-17.658,
    threshold_percent=19.0,
    exceeds=False,
    same_versions=True,
)
UNIT = UnitEvidence(0.01, 0.0, "vendor_rule", "Siemens: 0.01 kPa a count")
STAGING = Staging(
    "wu_2015",
    "<F2",
    "F0",
    "F1",
    significant_fibrosis=False,
    significant_cutoff_kpa=2.8,
    probabilities=(CategoryProbability("<F2", 0.51), CategoryProbability(">=F2", 0.49)),
    significant_probability=0.49,
    crossed_kpa=(2.8,),
)
PROVENANCE = Provenance(UNIT, MODEL, notes=("A note.",), network_channels=("stiffness", "confident", "magnitude"))
SERIES = SeriesIdentity("1.2.3.9", 7, "greMRE_P_Stiff")
FINDING = MeasuredFinding(
    SERIES, PROVENANCE, MEASUREMENT, STAGING, contour=ContourMeasurement(2.9, 41.5), change=CHANGE
)
FAILED_FINDING = FailedFinding(SeriesIdentity("1.2.3.8", 17, "greMRE_P_Stiff"), Reason("missing_slices", "Missing.", 4))
MEASURED = StudyResult(
    study_instance_uid="1.2.3",
    findings=(FINDING, FAILED_FINDING),
    chosen=0,
    reported=(0,),
    input_series=(SeriesDecision("1.2.3.9", 7, "greMRE_P_Stiff", 4, Role.STIFFNESS, used=True, reason="Stiffness."),),
    outputs=(OutputFile("seg", "1.2.3/seg.dcm", "1.2.3.5"), OutputFile("preview", "1.2.3/overlay.png", None)),
    warnings=("A warning.",),
    timings_s={"load": 0.25},
)
REASON = Reason("no_liver", "No liver was found.", 0)
NOT_EVALUABLE = replace(
    MEASURED, findings=(NotEvaluableFinding(SERIES, PROVENANCE, REASON), FAILED_FINDING), outputs=()
)
FAILED = StudyResult("1.2.4", failure=Reason("missing_slices", "Slices are missing.", 4))
SKIPPED = StudyResult("1.2.5", failure=Reason("no_mre_series", "No MRE series.", 3))
RUN = RunResult(RunStatus.COMPLETED, 0, (MEASURED, NOT_EVALUABLE, SKIPPED), (MODEL,), version="1.2.0")


def is_valid(content: object) -> bool:
    return VALIDATOR.is_valid(content)


def test_the_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "run",
    [
        RUN,
        replace(RUN, studies=(MEASURED, FAILED), status=RunStatus.FAILED, exit_code=4),
        replace(RUN, studies=(SKIPPED,), status=RunStatus.NOTHING_TO_DO, exit_code=126, models=()),
        RunResult(RunStatus.FAILED, 4, reason=Reason("no_dicom", "No DICOM.", 4), version="1.2.0"),
    ],
    ids=["completed", "one study failed", "nothing to do", "input failed"],
)
def test_every_kind_of_run_is_valid(run: RunResult) -> None:
    VALIDATOR.validate(to_json(run))


def test_every_acquisition_is_reported_with_its_numbers_or_its_reason() -> None:
    study = to_json(RUN)["studies"][0]
    first, second = study["acquisitions"]
    assert {key: first[key] for key in ("unit", "measurement", "staging")} == {
        key: study[key] for key in ("unit", "measurement", "staging")
    }
    assert first["scanner_contour"] == {"stiffness_kpa_mean": 2.9, "area_cm2": 41.5}
    assert first["notes"] == ["A note."]
    assert first["network_channels"] == ["stiffness", "confident", "magnitude"]
    assert second["network_channels"] == []
    assert (first["reported"], first["reason"]) == (True, None)
    assert (second["series_number"], second["status"], second["reported"]) == (17, "failed", False)
    assert second["reason"] == {"code": "missing_slices", "message": "Missing."}
    assert second["measurement"] is None


def test_a_measured_study_is_reported_field_by_field() -> None:
    study = to_json(RUN)["studies"][0]
    assert study.pop("acquisitions")
    assert study == {
        "study_instance_uid": "1.2.3",
        "status": "measured",
        "reason": None,
        "input_series": [
            {
                "series_instance_uid": "1.2.3.9",
                "series_number": 7,
                "description": "greMRE_P_Stiff",
                "instances": 4,
                "role": "stiffness",
                "used": True,
                "reason": "Stiffness.",
            }
        ],
        "unit": {
            "kpa_per_count": 0.01,
            "offset_kpa": 0.0,
            "source": "vendor_rule",
            "detail": "Siemens: 0.01 kPa a count",
        },
        "measurement": {
            "stiffness_kpa": {"mean": 2.799613, "sd": 0.41, "median": 2.7, "p25": 2.5, "p75": 3.0},
            "area_cm2": 80.0,
            "liver_area_cm2": 160.0,
            "measurable_share": 0.5,
            "slices": [
                {
                    "sop_instance_uid": "1.2.3.4",
                    "frame_number": None,
                    "stiffness_kpa_mean": 2.799613,
                    "stiffness_kpa_sd": 0.41,
                    "stiffness_kpa_median": 2.7,
                    "area_cm2": 80.0,
                }
            ],
            "interval": {
                "level": 0.95,
                "low_kpa": 2.6,
                "high_kpa": 3.0,
                "relative_sd": {"sampling": 0.02, "segmentation": 0.01, "residual": 0.02},
                "calibration": "simulated-1",
            },
            "removed": [{"rule": "edge", "area_cm2": 12.5}, {"rule": "vessel", "area_cm2": 0.0}],
        },
        "staging": {
            "profile": "wu_2015",
            "category": "<F2",
            "metavir_min": "F0",
            "metavir_max": "F1",
            "significant_fibrosis": False,
            "significant_cutoff_kpa": 2.8,
            "significant_probability": 0.49,
            "probabilities": [{"category": "<F2", "probability": 0.51}, {"category": ">=F2", "probability": 0.49}],
            "crosses_cutoff": True,
            "crossed_cutoffs_kpa": [2.8],
        },
        "change": {
            "kpa": -0.600387,
            "percent": -17.658,
            "threshold_percent": 19.0,
            "exceeds_threshold": False,
            "same_versions": True,
            "prior": {
                "stiffness_kpa_mean": 3.4,
                "study_date": "20240301",
                "study_instance_uid": "1.2.7",
                "sop_instance_uid": "1.2.8",
                "made_by": ["liver-mre 0.1.0", "net 1.0"],
            },
        },
        "outputs": [
            {"kind": "seg", "path": "1.2.3/seg.dcm", "sop_instance_uid": "1.2.3.5"},
            {"kind": "preview", "path": "1.2.3/overlay.png", "sop_instance_uid": None},
        ],
        "warnings": ["A warning."],
        "timings_s": {"load": 0.25},
    }


def test_a_run_names_application_and_models() -> None:
    content = to_json(RUN)
    assert content["schema_version"] == "1.2"
    assert content["application"] == {"name": "liver-mre", "version": "1.2.0"}
    assert content["models"] == [
        {
            "name": "liver-segmentation",
            "version": "1.0.0",
            "sha256": "a" * 64,
            "backend": "openvino",
            "precision": "f32",
        }
    ]


kpa = st.floats(0, 100)
area = st.floats(1e-3, 1e4)


@given(kpa, kpa, kpa, area, area, st.floats(1e-6, 1000), st.floats(-1e3, 1e3))
def test_numbers_come_back_from_the_file_to_the_last_digit(
    mean: float, sd: float, median: float, one: float, other: float, scale: float, offset: float
) -> None:
    roi, liver = sorted((one, other))
    measurement = StiffnessMeasurement(
        mean, sd, median, 0.0, 1.0, roi, liver, (SliceMeasurement(0, "1.2", mean, sd, median, roi),)
    )
    unit = UnitEvidence(scale, offset, "override", "set by the user")
    finding = replace(FINDING, measurement=measurement, provenance=replace(PROVENANCE, unit=unit))
    run = replace(RUN, studies=(replace(MEASURED, findings=(finding,)),))
    written = json.dumps(to_json(run), allow_nan=False)
    study = json.loads(written)["studies"][0]
    VALIDATOR.validate(json.loads(written))
    assert study["measurement"]["stiffness_kpa"] == {"mean": mean, "sd": sd, "median": median, "p25": 0.0, "p75": 1.0}
    assert (study["measurement"]["area_cm2"], study["measurement"]["liver_area_cm2"]) == (roi, liver)
    assert (study["unit"]["kpa_per_count"], study["unit"]["offset_kpa"]) == (scale, offset)


@pytest.mark.parametrize(
    ("study", "key", "like"),
    [
        (MEASURED, "reason", NOT_EVALUABLE),
        (MEASURED, "measurement", FAILED),
        (MEASURED, "staging", FAILED),
        (MEASURED, "unit", FAILED),
        (NOT_EVALUABLE, "reason", MEASURED),
        (NOT_EVALUABLE, "measurement", MEASURED),
        (NOT_EVALUABLE, "staging", MEASURED),
        (FAILED, "reason", MEASURED),
        (FAILED, "measurement", MEASURED),
        (SKIPPED, "reason", MEASURED),
        (SKIPPED, "outputs", MEASURED),
    ],
)
def test_a_study_that_contradicts_itself_is_invalid(study: StudyResult, key: str, like: StudyResult) -> None:
    """No type of this application can say so; another program's result could."""
    run = replace(RUN, studies=(study, like), status=RunStatus.COMPLETED)
    if StudyStatus.FAILED in {study.status, like.status}:
        run = replace(run, status=RunStatus.FAILED, exit_code=4)
    content = to_json(run)
    assert is_valid(content)
    content["studies"][0][key] = content["studies"][1][key]
    assert not is_valid(content)


@pytest.mark.parametrize(
    "run",
    [
        replace(RUN, exit_code=1),
        replace(RUN, reason=REASON),
        replace(RUN, studies=(FAILED,)),
        replace(RUN, status=RunStatus.FAILED, exit_code=0, reason=REASON),
        replace(RUN, status=RunStatus.FAILED, exit_code=4),
        replace(RUN, status=RunStatus.NOTHING_TO_DO),
    ],
    ids=["exit code", "reason", "failed study", "no exit code", "nothing failed", "something was done"],
)
def test_a_run_that_contradicts_itself_is_invalid(run: RunResult) -> None:
    assert not is_valid(to_json(run))


def objects_in(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(content, list):
        return [found for index, part in enumerate(content) for found in objects_in(part, (*path, index))]
    if isinstance(content, dict):
        inner = [found for key, part in content.items() for found in objects_in(part, (*path, key))]
        return [path, *inner] if path[-1:] != ("timings_s",) else []
    return []


def at(content: Any, path: tuple[Any, ...]) -> dict[str, Any]:
    for key in path:
        content = content[key]
    return content


@pytest.mark.parametrize("path", objects_in(to_json(RUN)), ids=str)
def test_no_object_takes_an_unknown_field_or_misses_one(path: tuple[Any, ...]) -> None:
    content = to_json(RUN)
    at(content, path)["surplus"] = 1
    assert not is_valid(content)
    for key in at(to_json(RUN), path):
        content = copy.deepcopy(to_json(RUN))
        del at(content, path)[key]
        assert not is_valid(content), key


def test_every_field_of_the_schema_is_described() -> None:
    def undescribed(node: Any, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        own = [
            f"{path}.{name}"
            for name, field in node.get("properties", {}).items()
            if "description" not in field and "$ref" not in field
        ]
        inner = [
            found
            for key in ("properties", "$defs")
            for name, field in node.get(key, {}).items()
            for found in undescribed(field, f"{path}.{name}")
        ]
        return own + inner + undescribed(node.get("items"), f"{path}[]")

    assert not undescribed(SCHEMA, "result")
    assert all("description" in definition for definition in SCHEMA["$defs"].values())
