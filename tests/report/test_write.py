"""Results are written for every encoding and acquisition, and no patient data are printed."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pydicom import dcmread
from pydicom.filewriter import dcmwrite

from liver_mre.measurement.region import Region
from liver_mre.method.mre_study_run import MreStudyRun
from liver_mre.method.stages import Selected, Staged
from liver_mre.method.steps import WRITERS
from liver_mre.method.toolkit import Toolkit
from liver_mre.report.quiet import quiet
from liver_mre.series.acquisition import Acquisition, ScannerMaps
from liver_mre.settings import Settings
from liver_mre.studies.study import Series, Study
from liver_mre.workflow.runner import run_steps
from tests.exams import UNIT
from tests.report.content_factory import SLICES, changed, make_content, segment_pixels, source_images
from tests.report.source_factory import as_frames, as_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

MARK = "Sesame"


def run_of(
    folder: Path,
    change: Callable[[Dataset], None] | None = None,
    *,
    preamble: bool = True,
    content: ReportContent | None = None,
) -> MreStudyRun:
    """Return a study whose source images lie in a folder."""
    content = content or make_content()
    instances = []
    for number, (image, instance) in enumerate(zip(source_images(content), content.volume.instances, strict=True)):
        path = folder / f"{number}.dcm"
        if change is not None:
            change(image)
        if preamble:
            image.save_as(path, enforce_file_format=True)
        else:
            del image.file_meta
            dcmwrite(path, image, implicit_vr=True, little_endian=True)
        instances.append(replace(instance, source=str(path)))
    return run_with(changed(content, volume=replace(content.volume, instances=tuple(instances))))


def run_with(*contents: ReportContent) -> MreStudyRun:
    """Return a study of measured acquisitions, the first of which stands for it."""
    items = []
    for number, content in enumerate(contents, start=1):
        assert content.measured is not None
        series = Series(str(content.headers[0].SeriesInstanceUID), 10 + number, content.volume.instances)
        maps = ScannerMaps(series, masked=True, unit=UNIT)
        item = Selected(number, number - 1, Acquisition(series, maps, notes=("Joined.",))).to(
            Staged,
            volume=content.volume,
            contour=None,
            network_channels=(),
            mask=content.mask,
            region=Region(content.measured_pixels, np.zeros(content.mask.liver.shape, np.uint8), 0.1),
            measurement=content.measured.measurement,
            staging=content.measured.staging,
        )
        items.append(item)
    study = Study(str(contents[0].headers[0].StudyInstanceUID), tuple(item.acquisition.series for item in items))
    return MreStudyRun(0, 1, study, items=tuple(items), chosen=0, reported=tuple(range(len(items))))


def written(run: MreStudyRun, staging: Path) -> list[Path]:
    staging.mkdir()
    done = run_steps(run, WRITERS, Toolkit(Settings(preview=True)), staging=staging)
    assert done.failure is None, done.failure
    return [staging / output.path for output in sorted(done.outputs, key=lambda output: output.item)]


def test_source_files_without_preamble_give_the_same_results(tmp_path: Path) -> None:
    paths = written(run_of(tmp_path, preamble=False), tmp_path / "out")
    assert [path.suffix for path in paths] == [".dcm", ".dcm", ".dcm", ".png"]
    assert {dcmread(path).PatientID for path in paths[:3]} == {"SIM-0001"}


def test_frames_of_a_multi_frame_object_have_results_of_their_own_images(tmp_path: Path) -> None:
    content = as_frames(make_content(order=(2, 0, 3, 1)), tmp_path, [(0, 5), (0, 1), (0, 2), (0, 4)])
    seg = dcmread(written(run_with(content), tmp_path / "out")[0])
    for group, pixels in zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True):
        (reference,) = group.DerivationImageSequence[0].SourceImageSequence
        index = [i.frame_number for i in content.volume.instances].index(reference.ReferencedFrameNumber)
        assert tuple(group.PlanePositionSequence[0].ImagePositionPatient) == content.volume.instances[index].position_mm
        np.testing.assert_array_equal(pixels, segment_pixels(content, group)[index])


def test_slices_of_several_series_have_one_result(tmp_path: Path) -> None:
    paths = written(run_of(tmp_path, content=as_series(make_content())), tmp_path / "out")
    seg = dcmread(paths[0])
    assert len(seg.ReferencedSeriesSequence) == SLICES
    assert len(seg.PerFrameFunctionalGroupsSequence) == 2 * SLICES


def test_reported_acquisitions_of_one_object_have_results_that_are_told_apart(tmp_path: Path) -> None:
    one = as_frames(make_content(), tmp_path, [(0, 5), (0, 6), (0, 7), (0, 8)])
    others = tuple(replace(instance, frame_number=instance.frame_number - 4) for instance in one.volume.instances)
    other = replace(one, volume=replace(one.volume, instances=others))
    results = [dcmread(path) for path in written(run_with(one, other), tmp_path / "out") if path.suffix == ".dcm"]
    for keyword in ("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "SOPInstanceUID"):
        assert len({result[keyword].value for result in results}) == 6
    segments = [result.SegmentSequence[0] for result in results if result.Modality == "SEG"]
    assert len({segment.TrackingUID for segment in segments}) == 2
    assert all("Joined." in segment.SegmentDescription for segment in segments)


def test_malformed_values_of_a_patient_are_neither_printed_nor_logged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def spoil(image: Dataset) -> None:
        image.PatientName = f"{MARK}=" * 5 + MARK * 20
        image.PatientBirthDate = f"1.1.1950 {MARK}"
        image.PatientAge = MARK
        image.StudyDescription = MARK * 20
        image.SpecificCharacterSet = f"ISO-IR {MARK}"

    with quiet():
        run = run_of(tmp_path, spoil)
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        assert len(written(run, tmp_path / "out")) == 4
    printed = capfd.readouterr()
    told = [printed.out, printed.err, *map(str, warned), *(record.getMessage() for record in caplog.records)]
    assert [text for text in told if MARK in text] == []


def test_what_results_leave_out_is_a_warning_of_the_study_once(tmp_path: Path) -> None:
    def spoil(image: Dataset) -> None:
        image.StudyID = MARK * 4

    with quiet():
        run = run_of(tmp_path, spoil)
    (tmp_path / "out").mkdir()
    done = run_steps(run, WRITERS, Toolkit(Settings()), staging=tmp_path / "out")
    (warning,) = done.warnings
    assert "StudyID" in warning
    assert MARK not in warning
    report = dcmread(tmp_path / "out" / next(output.path for output in done.outputs if output.kind == "sr"))
    assert warning in [element.value for element in report.iterall() if element.keyword == "TextValue"]


def test_silence_ends_with_the_writers(caplog: pytest.LogCaptureFixture) -> None:
    with quiet():
        logging.getLogger("pydicom").critical("within")
    logging.getLogger("pydicom").critical("after")
    assert caplog.messages == ["after"]
