"""Results are published completely or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import ExitCode, OutputError
from liver_mre.method.steps import result_files
from liver_mre.results.finding import NotEvaluableFinding, Provenance, SeriesIdentity
from liver_mre.results.metadata import METADATA_FILE
from liver_mre.results.publish import RESULT_FILE, STAGING_PREFIX, open_staging
from liver_mre.results.publish import publish as publish_results
from liver_mre.results.result import RunResult, StudyResult
from liver_mre.workflow.outcome import Reason, RunStatus
from tests.exams import MODEL

if TYPE_CHECKING:
    from pathlib import Path


def publish(staging: Path, out: Path, result: RunResult) -> None:
    publish_results(staging, out, result, frozenset(result_files().values()))


def run_with(*studies: StudyResult) -> RunResult:
    return RunResult(RunStatus.COMPLETED, 0, studies)


def not_evaluable(uid: str) -> StudyResult:
    provenance = Provenance(None, MODEL)
    finding = NotEvaluableFinding(SeriesIdentity("1", 7, ""), provenance, Reason("no_liver", "No liver was found."))
    return StudyResult(uid, findings=(finding,), chosen=0)


def failed(uid: str) -> StudyResult:
    return StudyResult(uid, failure=Reason("invalid_input", "Unreadable.", ExitCode.INVALID_INPUT))


def stage(staging: Path, uid: str, content: str) -> None:
    (staging / uid).mkdir()
    (staging / uid / "liver-sr.dcm").write_text(content, encoding="utf-8")


def test_finished_studies_and_result_json_appear_and_the_staging_folder_is_gone(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    staging = open_staging(out)
    stage(staging, "1.2", "report")
    publish(staging, out, run_with(not_evaluable("1.2")))
    assert sorted(p.name for p in out.iterdir()) == ["1.2", METADATA_FILE, RESULT_FILE]
    assert (out / "1.2" / "liver-sr.dcm").read_text(encoding="utf-8") == "report"
    assert json.loads((out / RESULT_FILE).read_text(encoding="utf-8"))["studies"][0]["status"] == "not_evaluable"


def test_what_a_failed_study_left_behind_is_never_published(tmp_path: Path) -> None:
    staging = open_staging(tmp_path)
    stage(staging, "1.2", "half")
    stage(staging, "1.3", "whole")
    publish(staging, tmp_path, run_with(failed("1.2"), not_evaluable("1.3")))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.3", METADATA_FILE, RESULT_FILE]


def test_a_second_run_replaces_a_study_as_a_whole_even_if_it_fails_now(tmp_path: Path) -> None:
    staging = open_staging(tmp_path)
    stage(staging, "1.2", "old")
    (staging / "1.2" / "preview.png").write_text("old", encoding="utf-8")
    publish(staging, tmp_path, run_with(not_evaluable("1.2")))
    staging = open_staging(tmp_path)
    stage(staging, "1.2", "new")
    publish(staging, tmp_path, run_with(not_evaluable("1.2")))
    assert [p.name for p in (tmp_path / "1.2").iterdir()] == ["liver-sr.dcm"]
    publish(open_staging(tmp_path), tmp_path, run_with(failed("1.2")))
    assert sorted(p.name for p in tmp_path.iterdir()) == [METADATA_FILE, RESULT_FILE]


def test_a_file_where_the_output_folder_should_be_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(OutputError):
        open_staging(tmp_path / "out")


def test_a_missing_result_is_an_output_error_and_leaves_no_staging_behind(tmp_path: Path) -> None:
    staging = open_staging(tmp_path)
    with pytest.raises(OutputError) as caught:
        publish(staging, tmp_path, run_with(not_evaluable("1.2")))
    assert caught.value.exit_code == ExitCode.OUTPUT
    assert not list(tmp_path.glob(f"{STAGING_PREFIX}*"))


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    """The study's own folder, named by its UID, lies in the output folder."""
    (tmp_path / "1.2").mkdir()
    (tmp_path / "1.2" / "image.dcm").write_text("source", encoding="utf-8")
    staging = open_staging(tmp_path)
    stage(staging, "1.2", "report")
    with pytest.raises(OutputError, match="other files"):
        publish(staging, tmp_path, run_with(not_evaluable("1.2")))
    assert [path.name for path in tmp_path.rglob("*")] == ["1.2", "image.dcm"]


def test_a_move_that_fails_undoes_those_before_it(tmp_path: Path) -> None:
    staging = open_staging(tmp_path)
    stage(staging, "1.2", "old")
    publish(staging, tmp_path, run_with(not_evaluable("1.2")))
    before = (tmp_path / RESULT_FILE).read_text(encoding="utf-8")
    staging = open_staging(tmp_path)
    stage(staging, "1.2", "new")
    with pytest.raises(OutputError):  # 1.3 was never written
        publish(staging, tmp_path, run_with(not_evaluable("1.2"), not_evaluable("1.3")))
    assert (tmp_path / "1.2" / "liver-sr.dcm").read_text(encoding="utf-8") == "old"
    assert (tmp_path / RESULT_FILE).read_text(encoding="utf-8") == before
