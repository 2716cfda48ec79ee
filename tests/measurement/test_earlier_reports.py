"""Claims about priors: the patient's most recent earlier measured report by this application, and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from liver_mre.measurement.earlier_reports import most_recent_prior
from liver_mre.report.sr.document import build_report
from liver_mre.studies.reader import read_studies
from liver_mre.studies.study import Instance, ReportFiles
from tests.report.content_factory import changed, make_content, make_not_evaluable, source_images, with_headers

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

    from liver_mre.report.content import ReportContent

pytestmark = pytest.mark.slow

TODAY = "20250304"


def report_of(content: ReportContent, mean_kpa: float, date: str, study: str, **changes: str) -> Dataset:
    """Return the report of an earlier study of the same patient."""
    if content.measured is not None:
        content = changed(content, measurement=replace(content.measured.measurement, mean_kpa=mean_kpa))
    report = build_report(content)
    report.StudyDate, report.StudyInstanceUID = date, study
    for keyword, value in changes.items():
        setattr(report, keyword, value)
    return report


@pytest.fixture
def current(tmp_path: Path) -> Instance:
    image = source_images(make_content())[0]
    image.StudyDate = TODAY
    path = tmp_path / "now.dcm"
    image.save_as(path, enforce_file_format=True)
    return Instance(str(path), str(image.SOPInstanceUID), str(image.SOPClassUID))


def written(folder: Path, *reports: Dataset) -> ReportFiles:
    paths = []
    for number, report in enumerate(reports):
        path = folder / f"report-{number}.dcm"
        report.save_as(path, enforce_file_format=True)
        paths.append(str(path))
    return ReportFiles(tuple(paths))


def test_each_report_is_read_only_once(tmp_path: Path, current: Instance) -> None:
    paths = written(tmp_path, report_of(make_content(), 2.5, "20220101", "1.2.1"))
    first = most_recent_prior(paths, current)
    (tmp_path / "report-0.dcm").unlink()
    assert first is not None
    assert most_recent_prior(paths, current) == first


def test_the_most_recent_earlier_report_is_the_prior(tmp_path: Path, current: Instance) -> None:
    content = make_content()
    reports = [
        report_of(content, 2.5, "20220101", "1.2.1"),
        report_of(content, 3.1, "20240301", "1.2.2"),
        report_of(content, 9.9, "20260101", "1.2.3"),
    ]
    found = most_recent_prior(written(tmp_path, *reports), current)
    assert found is not None
    assert (found.stiffness_kpa, found.study_date, found.study_instance_uid) == (3.1, "20240301", "1.2.2")
    assert found.sop_instance_uid == reports[1].SOPInstanceUID
    assert found.made_by == tuple(reports[1].SoftwareVersions)


NO_PRIORS = {
    "another patient": {"PatientID": "another"},
    "one ID, another birth date": {"PatientBirthDate": "19010101"},
    "one ID, another name": {"PatientName": "Somebody^Else", "PatientBirthDate": ""},
    "another application": {"ManufacturerModelName": "another application"},
    "not earlier": {"StudyDate": TODAY, "StudyTime": "235959"},
    "not certainly earlier": {"StudyDate": TODAY, "StudyTime": ""},
    "no date": {"StudyDate": ""},
    "no patient": {"PatientID": "", "PatientName": "", "PatientBirthDate": ""},
}


@pytest.mark.parametrize("changes", NO_PRIORS.values(), ids=NO_PRIORS)
def test_what_is_no_prior_is_refused(tmp_path: Path, current: Instance, changes: dict[str, str]) -> None:
    report = report_of(make_content(), 3.0, "20240301", "1.2.2", **changes)
    assert most_recent_prior(written(tmp_path, report), current) is None


def test_a_result_that_a_later_run_withdrew_is_no_prior(tmp_path: Path, current: Instance) -> None:
    first = report_of(make_content(), 3.0, "20240301", "1.2.2", ContentDate="20240301", ContentTime="100000")
    again = report_of(make_not_evaluable(), 0.0, "20240301", "1.2.2", ContentDate="20240302", ContentTime="100000")
    again.SeriesNumber = first.SeriesNumber
    assert most_recent_prior(written(tmp_path, first), current) is not None
    assert most_recent_prior(written(tmp_path, again, first), current) is None


def test_a_report_of_this_study_is_no_prior(tmp_path: Path, current: Instance) -> None:
    content = make_content()
    content.headers[0].StudyDate = TODAY
    own = build_report(with_headers(content, content.headers))
    image = source_images(content)[0]
    path = tmp_path / "same.dcm"
    image.save_as(path, enforce_file_format=True)
    assert most_recent_prior(written(tmp_path, own), replace(current, source=str(path))) is None


def test_an_exam_that_was_not_evaluable_and_a_damaged_file_are_no_priors(tmp_path: Path, current: Instance) -> None:
    damaged = tmp_path / "damaged.dcm"
    damaged.write_bytes(b"\0" * 128 + b"DICMnothing")
    paths = written(tmp_path, report_of(make_not_evaluable(), 0.0, "20240301", "1.2.2"))
    assert most_recent_prior(ReportFiles((*paths.paths, str(damaged), str(tmp_path / "gone.dcm"))), current) is None
    assert most_recent_prior(ReportFiles(), current) is None


def test_reports_in_the_input_are_kept_with_its_studies(tmp_path: Path, current: Instance) -> None:
    paths = written(tmp_path, report_of(make_content(), 3.0, "20240301", "1.2.2"))
    (study,) = read_studies(tmp_path).studies
    assert study.reports == paths
    assert most_recent_prior(study.reports, current) is not None
