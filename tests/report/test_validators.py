"""Independent validators accept every object, and independent readers read the same numbers and mask."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import dcmread

from liver_mre.report.picture.overlay import render_overlay
from liver_mre.report.secondary_capture import build_overlay
from liver_mre.report.seg import build_segmentation
from liver_mre.report.sr.document import build_report
from liver_mre.series.acquisition import UnitEvidence
from tests import tools
from tests.report.content_factory import (
    QUALITY_MODEL,
    changed,
    make_content,
    make_doubtful,
    make_failed,
    make_not_evaluable,
    make_quality,
    source_images,
    write,
)
from tests.report.source_factory import as_frames, as_series

if TYPE_CHECKING:
    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

ENCODINGS = ("", " of frames", " of several objects", " of several series")
NOT_EVALUABLE = {
    " not evaluable": make_not_evaluable,
    " refused": make_failed,
    " out of domain": lambda: make_failed(out_of_domain=("axial",)),
}
REPORTS = (*(f"SR{encoding}" for encoding in ENCODINGS), *(f"SR{name}" for name in NOT_EVALUABLE))
NAMES = (
    *(f"{kind}{encoding}" for encoding in ENCODINGS for kind in ("SEG", "SR", "OT")),
    *(f"{kind}{name}" for name in NOT_EVALUABLE for kind in ("SR", "OT")),
)


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ReportContent]:
    """Make one exam in several encodings; all but the classic one carry notes and a contour drawn at the scanner."""
    classic = make_content(order=(2, 0, 3, 1))
    annotated = with_notes(classic)
    folders = [tmp_path_factory.mktemp("sources") for _ in range(2)]
    frames = as_frames(annotated, folders[0], [(0, 5), (0, 1), (0, 2), (0, 4)])
    objects = as_frames(annotated, folders[1], [(1, 2), (0, 3), (1, 1), (0, 1)], shared=False)
    return dict(zip(ENCODINGS, (classic, frames, objects, as_series(annotated)), strict=True))


@pytest.fixture(scope="module")
def content(contents: dict[str, ReportContent]) -> ReportContent:
    return contents[""]


@pytest.fixture(scope="module")
def files(contents: dict[str, ReportContent], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write every kind of result once."""
    results: list[Dataset] = []
    for content in contents.values():
        results += [
            build_segmentation(content),
            build_report(content),
            build_overlay(content, render_overlay(content)),
        ]
    for make in NOT_EVALUABLE.values():
        content = make()
        results += [build_report(content), build_overlay(content, render_overlay(content))]
    return dict(zip(NAMES, write(results, tmp_path_factory.mktemp("results")), strict=True))


def with_notes(content: ReportContent) -> ReportContent:
    """Return content with everything that an exam may carry beside its result."""
    contour = content.mask.liver & content.volume.valid
    doubtful = make_doubtful(3.4).measured
    assert doubtful is not None
    return changed(
        content,
        measurement=replace(
            content.measured.measurement, interval=doubtful.measurement.interval, removed=doubtful.measurement.removed
        ),
        staging=replace(
            content.measured.staging,
            probabilities=doubtful.staging.probabilities,
            significant_probability=0.97,
            crossed_kpa=(3.5,),
        ),
        change=doubtful.change,
        quality=make_quality(lost={}, votes=6),
        quality_model=QUALITY_MODEL,
        volume=replace(content.volume, scanner_contour=contour, notes=("The hatch pattern was closed.",)),
        notes=("Slice 2 was acquired twice: the later one counts.",),
        unit=UnitEvidence(0.02, 0.0, "override", "0.02 kPa a count, set by the user"),
        acquisition="series 12",
        acquisition_number=2,
    )


@pytest.mark.parametrize("name", NAMES)
def test_dciodvfy_reports_no_error(name: str, files: dict[str, Path]) -> None:
    output = tools.run([tools.debian_tool("dciodvfy"), files[name]])
    assert output
    assert tools.errors(output) == []


def test_dciodvfy_would_report_an_error(files: dict[str, Path], tmp_path: Path) -> None:
    broken = dcmread(files["SEG"])
    del broken.SegmentationType
    path = tmp_path / "broken.dcm"
    broken.save_as(path)
    assert tools.errors(tools.run([tools.debian_tool("dciodvfy"), path]))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_dcentvfy_finds_results_and_sources_consistent(
    encoding: str, contents: dict[str, ReportContent], files: dict[str, Path], tmp_path: Path
) -> None:
    content = contents[encoding]
    frames = {Path(instance.source) for instance in content.volume.instances if instance.source}
    sources = sorted(frames) or write(source_images(content), tmp_path)
    results = [files[f"{kind}{encoding}"] for kind in ("SEG", "SR", "OT")]
    output = tools.run([tools.debian_tool("dcentvfy"), *sources, *results])
    # The tool itself counts this attribute to another entity in reports than in images; the values are equal.
    known = "Different information entities for attribute - Element=<AccessionNumber>"
    assert [line for line in output.splitlines() if known not in line] == []


# The validator takes half a minute for a report.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "SR not evaluable" else pytest.mark.long)
        for name in REPORTS
        if name != "SR of several objects"  # as that of frames
    ],
)
def test_structured_reports_obey_their_templates(name: str, files: dict[str, Path]) -> None:
    output = tools.run([tools.debian_tool("DicomSRValidator"), files[name]])
    assert "Root Template TID_1500" in output
    assert "IOD validation complete" in output
    assert tools.errors(output) == []


@pytest.mark.parametrize("name", REPORTS)
def test_dsrdump_reads_the_report_without_complaint(name: str, files: dict[str, Path]) -> None:
    output = tools.run([tools.debian_tool("dsrdump"), files[name]])
    assert [line for line in output.splitlines() if line.startswith(("E:", "W:", "F:"))] == []
    assert "MR elastography (shear stiffness)" in output


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_dcmqi_reads_the_same_numbers(
    encoding: str, contents: dict[str, ReportContent], files: dict[str, Path], tmp_path: Path
) -> None:
    content = contents[encoding]
    groups = _dcmqi_groups(files[f"SR{encoding}"], tmp_path)
    measured = content.measured.measurement
    assert groups[0]["TrackingUniqueIdentifier"] == content.region_uid
    measuring = [group for group in groups if "Liver, " in group["TrackingIdentifier"] or group is groups[0]]
    assert [_mean_kpa(group) for group in measuring] == pytest.approx(
        [measured.mean_kpa, *(part.stiffness_kpa_mean for part in measured.slices)], abs=0.5e-4
    )
    evaluations = {e["conceptCode"]["CodeValue"]: e["conceptValue"] for e in groups[0]["qualitativeEvaluations"]}
    assert evaluations["CATEGORY"]["CodeMeaning"] == content.measured.staging.category
    assert evaluations["SIGNIF-FIBROSIS"]["CodeMeaning"] == "Yes"


@pytest.mark.parametrize("name", NOT_EVALUABLE)
def test_dcmqi_reads_no_number_from_an_exam_that_is_not_evaluable(
    name: str, files: dict[str, Path], tmp_path: Path
) -> None:
    groups = _dcmqi_groups(files[f"SR{name}"], tmp_path)
    assert groups
    assert [group["measurementItems"] for group in groups] == [[]] * len(groups)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_dcmqi_reads_the_same_masks(
    encoding: str, contents: dict[str, ReportContent], files: dict[str, Path], tmp_path: Path
) -> None:
    content = contents[encoding]
    reader = tools.dcmqi_tool("segimage2itkimage")
    tools.run([reader, "--inputDICOM", files[f"SEG{encoding}"], "--outputDirectory", tmp_path, "-t", "nrrd"])
    heights = [float(source.ImagePositionPatient[2]) for source in content.headers]
    for number, pixels in ((1, content.mask.liver), (2, content.measured_pixels)):
        voxels = _read_nrrd(tmp_path / f"{number}.nrrd")
        np.testing.assert_array_equal(voxels > 0, pixels[np.argsort(heights)])


def _dcmqi_groups(report: Path, folder: Path) -> list[dict]:
    output = folder / "report.json"
    tools.run([tools.dcmqi_tool("tid1500reader"), "--inputDICOM", report, "--outputMetadata", output])
    return json.loads(output.read_text(encoding="utf-8"))["Measurements"]


def _mean_kpa(group: dict) -> float:
    (value,) = [
        float(item["value"])
        for item in group["measurementItems"]
        if item["quantity"]["CodeValue"] == "110830" and item["derivationModifier"]["CodeMeaning"] == "Mean"
    ]
    return value


def _read_nrrd(path: Path) -> np.ndarray:
    """Read the gzip-encoded int16 volume that dcmqi writes, as (slice, row, column), lowest slice first."""
    header, data = path.read_bytes().split(b"\n\n", 1)
    fields = dict(line.split(": ", 1) for line in header.decode().splitlines() if ": " in line)
    assert (fields["type"], fields["encoding"], fields["endian"]) == ("short", "gzip", "little")
    sizes = [int(size) for size in fields["sizes"].split()]
    return np.frombuffer(gzip.decompress(data), "<i2").reshape(sizes[::-1])
