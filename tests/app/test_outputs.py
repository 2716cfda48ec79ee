"""Outputs for PACS and EHR: valid objects with the same numbers, and none if the exam is not evaluable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import highdicom
import numpy as np
import pydicom
import pytest

from app.cli import main
from tests import tools
from tests.app.test_bad_input import masked_files
from tests.app.test_run import result_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.conftest import ExampleStudy

ELASTICITY, MEAN = "110830", "373098007"


@pytest.fixture(scope="module")
def measured(example: ExampleStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("measured")
    assert main(["run", "-i", str(example.folder), "-o", str(out), "--quiet"]) == 0
    return out


@pytest.fixture(scope="module")
def not_evaluable(example: ExampleStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run on a study without confident pixels."""
    folder = example.copy(tmp_path_factory.mktemp("silent") / "in")
    for file in masked_files(folder):
        image = pydicom.dcmread(file)
        image.PixelData = bytes(len(image.PixelData))
        image.save_as(file)
    out = tmp_path_factory.mktemp("not_evaluable")
    assert main(["run", "-i", str(folder), "-o", str(out), "--quiet"]) == 0
    return out


def objects(out: Path) -> dict[str, Path]:
    (study,) = result_of(out)["studies"]
    return {output["kind"]: out / output["path"] for output in study["outputs"]}


def sr_means(path: Path) -> list[float]:
    """Return every mean elasticity of a report, the whole liver's first."""
    found: list[float] = []

    def visit(item: pydicom.Dataset) -> None:
        name = item.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in item else ""
        parts = item.get("ContentSequence", [])
        modifiers = [p.ConceptCodeSequence[0].CodeValue for p in parts if "ConceptCodeSequence" in p]
        if name == ELASTICITY and MEAN in modifiers:
            found.append(float(item.MeasuredValueSequence[0].NumericValue))
        for part in parts:
            visit(part)

    visit(pydicom.dcmread(path))
    return found


@pytest.mark.parametrize("kind", ["measured", "not_evaluable"])
def test_validators_find_no_error_in_anything_that_a_run_writes(kind: str, request: pytest.FixtureRequest) -> None:
    written = objects(request.getfixturevalue(kind))
    assert written
    for path in written.values():
        assert tools.errors(tools.run([tools.debian_tool("dciodvfy"), path])) == []


@pytest.mark.long
@pytest.mark.parametrize("kind", ["measured", "not_evaluable"])
def test_the_report_of_a_run_obeys_its_template(kind: str, request: pytest.FixtureRequest) -> None:
    report = tools.run([tools.debian_tool("DicomSRValidator"), objects(request.getfixturevalue(kind))["sr"]])
    assert "IOD validation complete" in report
    assert "Error" not in report


def test_the_report_carries_the_numbers_of_result_json(measured: Path) -> None:
    measurement = result_of(measured)["studies"][0]["measurement"]
    whole, *slices = sr_means(objects(measured)["sr"])
    assert whole == pytest.approx(measurement["stiffness_kpa"]["mean"], abs=6e-5)
    assert slices == pytest.approx([entry["stiffness_kpa_mean"] for entry in measurement["slices"]], abs=6e-5)


def test_an_independent_reader_finds_the_same_means(measured: Path, tmp_path: Path) -> None:
    sources = pydicom.dcmread(objects(measured)["sr"])
    assert sources.SOPClassUID.name == "Comprehensive 3D SR Storage"
    target = tmp_path / "sr.json"
    command = [tools.dcmqi_tool("tid1500reader"), "--inputDICOM", objects(measured)["sr"], "--outputMetadata", target]
    tools.run(command)
    groups: list[dict[str, Any]] = json.loads(target.read_text(encoding="utf-8"))["Measurements"]
    read = [
        float(item["value"])
        for group in groups
        for item in group["measurementItems"]
        if item["quantity"]["CodeValue"] == ELASTICITY and item["derivationModifier"]["CodeValue"] == MEAN
    ]
    assert sorted(read) == pytest.approx(sorted(sr_means(objects(measured)["sr"])))


def test_seg_and_report_share_tracking_uids_and_the_segments_cover_liver_and_measured_area(measured: Path) -> None:
    written, (study,) = objects(measured), result_of(measured)["studies"]
    seg = highdicom.seg.segread(written["seg"])
    report = pydicom.dcmread(written["sr"]).to_json()
    for number, area in ((1, "liver_area_cm2"), (2, "area_cm2")):
        assert seg.get_segment_description(number).tracking_uid in report
        frames = [
            g.SegmentIdentificationSequence[0].ReferencedSegmentNumber for g in seg.PerFrameFunctionalGroupsSequence
        ]
        area_cm2 = np.count_nonzero(seg.pixel_array[np.equal(frames, number)]) * 0.15625**2
        assert area_cm2 == pytest.approx(study["measurement"][area], rel=1e-6)


def test_not_evaluable_is_a_report_and_a_picture_without_numbers_stage_or_segmentation(not_evaluable: Path) -> None:
    result = result_of(not_evaluable)
    (study,) = result["studies"]
    assert (result["status"], result["exit_code"], study["status"]) == ("completed", 0, "not_evaluable")
    assert study["reason"]["code"].startswith(("no_liver", "no_confident_liver", "not_diagnostic"))
    assert set(objects(not_evaluable)) == {"sr", "overlay"}
    report = pydicom.dcmread(objects(not_evaluable)["sr"])
    assert "NumericValue" not in str(report.to_json())
    assert sr_means(objects(not_evaluable)["sr"]) == []
