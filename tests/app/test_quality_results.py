"""All outputs of a run hold the result of quality control and name the networks that judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pydicom
from highdicom.sr import srread

from app.cli import main
from liver_mre.method.not_evaluable import CHECK_IMAGES
from tests.app.test_outputs import objects
from tests.app.test_run import result_of
from tests.tiny_model import publish_tiny_quality

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.app.conftest import ExampleStudy


def run_with(example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, diagnostic: bool) -> Path:
    publish_tiny_quality(tmp_path / "quality", diagnostic=diagnostic)
    monkeypatch.setenv("LIVER_MRE_QUALITY_DIR", str(tmp_path / "quality"))
    out = tmp_path / "out"
    assert main(["run", "-i", str(example.folder), "-o", str(out)]) == 0
    return out


def algorithms(report: Path) -> set[str]:
    groups = srread(report).content.get_image_measurement_groups()
    items = [item for group in groups for item in group[0].ContentSequence if item.ValueType == "TEXT"]
    return {item.TextValue for item in items if item.name.meaning == "Algorithm Name"}


def test_networks_that_judge_are_named_in_result_report_and_info(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    out = run_with(example, tmp_path, monkeypatch, diagnostic=True)
    result = result_of(out)
    assert [model["name"] for model in result["models"]] == ["liver-segmentation", "quality-control"]
    assert result["models"][1]["version"] == "9.9.8"
    assert algorithms(objects(out)["sr"]) == {"liver-segmentation", "quality-control"}
    assert "slices diagnostic" in capfd.readouterr().out
    assert main(["info", "--json"]) == 0
    models: list[dict[str, Any]] = json.loads(capfd.readouterr().out)["models"]
    assert [(model["name"], model.get("networks")) for model in models[1:]] == [("quality-control", 8)]


def test_an_exam_that_the_networks_refuse_has_a_reason_and_no_number(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = run_with(example, tmp_path, monkeypatch, diagnostic=False)
    (study,) = result_of(out)["studies"]
    assert (study["status"], study["reason"]["code"]) == ("not_evaluable", "not_diagnostic_breathing")
    written = objects(out)
    assert set(written) == {"sr", "overlay"}
    exam, *slices = srread(written["sr"]).content.get_image_measurement_groups()
    said = {(item.name.value, item.value.value) for item in exam.get_qualitative_evaluations()}
    assert {("111101", "RID14"), ("NOT-EVALUABLE", "ND-BREATHING"), ("QC-CAUSE", "CAUSE-BREATHING")} <= said
    assert all(group.get_measurements() == [] for group in (exam, *slices))
    assert pydicom.dcmread(written["overlay"]).BurnedInAnnotation == "YES"


def test_without_a_magnitude_nothing_is_measured_unless_a_site_allows_it_with_a_warning(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    study = example.copy(tmp_path / "study", without=("Mag",))
    assert main(["run", "-i", str(study), "-o", str(tmp_path / "refused")]) == 0
    (refused,) = result_of(tmp_path / "refused")["studies"]
    assert (refused["status"], refused["reason"]["code"]) == ("not_evaluable", "no_magnitude")
    assert refused["acquisitions"][0]["quality"]["light"] == "red"
    written = objects(tmp_path / "refused")
    assert set(written) == {"sr", "overlay"}
    (exam, *_) = srread(written["sr"]).content.get_image_measurement_groups()
    said = {(item.name.value, item.value.value) for item in exam.get_qualitative_evaluations()}
    assert ("NOT-EVALUABLE", "NO-MAGNITUDE") in said
    capfd.readouterr()
    assert main(["qc", str(study), "--json"]) == 0
    (acquisition,) = json.loads(capfd.readouterr().out)["studies"][0]["acquisitions"]
    assert (acquisition["reason"]["code"], acquisition["quality"]["light"]) == ("no_magnitude", "red")

    monkeypatch.setenv("LIVER_MRE_REQUIRE_MAGNITUDE", "false")
    assert main(["run", "-i", str(study), "-o", str(tmp_path / "measured")]) == 0
    (measured,) = result_of(tmp_path / "measured")["studies"]
    assert measured["acquisitions"][0]["measurement"]["stiffness_kpa"]["mean"] > 0
    assert CHECK_IMAGES in json.dumps(measured)
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path / "whole")]) == 0
    assert CHECK_IMAGES not in json.dumps(result_of(tmp_path / "whole"))


def test_info_reports_a_damaged_quality_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    publish_tiny_quality(tmp_path / "quality")
    (tmp_path / "quality" / "exported" / "model.bin").write_bytes(b"damaged")
    monkeypatch.setenv("LIVER_MRE_QUALITY_DIR", str(tmp_path / "quality"))
    assert main(["info", "--json"]) == 5
    assert "error" in json.loads(capfd.readouterr().out)["models"][1]


def test_a_run_without_its_quality_networks_fails(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIVER_MRE_QUALITY_DIR", str(tmp_path / "nothing"))
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path / "out")]) == 5
    assert "quality_dir" in capfd.readouterr().err
    assert main(["info", "--json"]) == 5


def test_a_site_can_choose_to_judge_by_physical_checks_alone(
    example: ExampleStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVER_MRE_QUALITY_DIR", "")
    assert main(["run", "-i", str(example.folder), "-o", str(tmp_path / "out")]) == 0
    result = result_of(tmp_path / "out")
    assert [model["name"] for model in result["models"]] == ["liver-segmentation"]
    (acquisition,) = result["studies"][0]["acquisitions"]
    assert acquisition["quality"]["judged_by"] == "physics"
