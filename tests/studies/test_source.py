"""A source owns what lasts as long as reading from it."""

from __future__ import annotations

from pathlib import Path

from liver_mre.studies.source import FolderSource, open_source
from liver_mre.studies.study import ReportFiles


def test_the_report_files_of_an_input_are_read_once() -> None:
    read: list[str] = []

    def parse(path: str) -> str:
        read.append(path)
        return path.upper()

    reports = ReportFiles(("a", "b"))
    assert reports.parsed(parse) == reports.parsed(parse) == ("A", "B")
    assert read == ["a", "b"]


def test_what_no_other_source_claims_is_a_folder() -> None:
    assert isinstance(open_source(Path("study")), FolderSource)
