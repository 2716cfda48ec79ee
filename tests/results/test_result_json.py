"""result.json holds what was found, to the last digit."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from liver_mre.measurement.measure import SliceMeasurement, StiffnessMeasurement
from liver_mre.results.result_json import to_json
from liver_mre.series.acquisition import UnitEvidence
from tests.results.example_results import FINDING, MEASURED, PROVENANCE, RUN
from tests.results.test_result_schema import VALIDATOR


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
