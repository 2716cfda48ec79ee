"""Writing a study's results: files without preamble are read, and nothing of a patient is printed."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.filewriter import dcmwrite

from liver_mre.case import Case
from liver_mre.core.study import Selection, Series, Study
from liver_mre.report.quiet import quiet
from liver_mre.report.write import write_overlay, write_report, write_segmentation
from tests.report.content_factory import make_content, source_images

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from pydicom import Dataset

MARK = "Sesame"
WRITERS = (write_segmentation, write_report, lambda case, staging: write_overlay(case, staging, preview=True))


def case_of(folder: Path, change: Callable[[Dataset], None] | None = None, *, preamble: bool = True) -> Case:
    """Return a measured case whose source images lie in a folder."""
    content = make_content()
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
    series = Series(str(content.sources[0].SeriesInstanceUID), 12, tuple(instances))
    return Case(
        index=0,
        total=1,
        study=Study(str(content.sources[0].StudyInstanceUID), (series,)),
        selection=Selection(series, True, None, None, content.unit, ()),  # noqa: FBT003
        volume=replace(content.volume, instances=tuple(instances)),
        mask=content.mask,
        measurement=content.measurement,
        staging=content.staging,
    )


def written(case: Case, staging: Path) -> list[Path]:
    staging.mkdir()
    for write in WRITERS:
        case = write(case, staging)
    return [staging / output.path for output in case.outputs]


def test_source_files_without_preamble_give_the_same_results(tmp_path: Path) -> None:
    paths = written(case_of(tmp_path, preamble=False), tmp_path / "out")
    assert [path.suffix for path in paths] == [".dcm", ".dcm", ".dcm", ".png"]
    assert {dcmread(path).PatientID for path in paths[:3]} == {"SIM-0001"}


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
        case = case_of(tmp_path, spoil)
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        assert len(written(case, tmp_path / "out")) == 4
    printed = capfd.readouterr()
    told = [printed.out, printed.err, *map(str, warned), *(record.getMessage() for record in caplog.records)]
    assert [text for text in told if MARK in text] == []


def test_silence_ends_with_the_writers(caplog: pytest.LogCaptureFixture) -> None:
    with quiet():
        logging.getLogger("pydicom").critical("within")
    logging.getLogger("pydicom").critical("after")
    assert caplog.messages == ["after"]
