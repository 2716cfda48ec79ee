"""After a crash the unfinished results are gone, and result.json says what happened, unless the run wrote it."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from app.after_crash import main
from liver_mre.results.recovery import STAGING_PREFIX
from tests.app.test_run import result_of
from tests.processes import in_a_process
from tests.results.publishing import ORIGIN, not_evaluable, open_publication, report, stage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("code", "reason"), [(143, "interrupted"), (137, "killed"), (139, "crashed")])
def test_the_exit_code_gives_the_reason(
    tmp_path: Path, code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.time() - 1
    (tmp_path / f"{STAGING_PREFIX}x" / "study").mkdir(parents=True)
    (tmp_path / "of the site").mkdir()
    assert main([str(code), str(started), "--quiet", "--output", str(tmp_path)]) == 1
    result = result_of(tmp_path)
    assert (result["status"], result["exit_code"], result["reason"]["code"]) == ("failed", 1, reason)
    assert "result.json" in {path.name for path in tmp_path.iterdir()}
    assert not list(tmp_path.glob(f"{STAGING_PREFIX}*"))
    assert (tmp_path / "of the site").is_dir()
    assert capsys.readouterr().err.strip()


def test_the_reason_is_a_line_of_the_log_that_the_run_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["139", str(time.time()), "-o", str(tmp_path), "--log-format", "json"]) == 1
    assert json.loads(capsys.readouterr().err)["message"] == result_of(tmp_path)["reason"]["message"]


def test_a_result_that_the_run_wrote_is_kept(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}", encoding="utf-8")
    assert main(["143", str(time.time() - 60), "-o", str(tmp_path)]) == 1
    assert (tmp_path / "result.json").read_text(encoding="utf-8") == "{}"


def test_a_result_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}", encoding="utf-8")
    assert main(["137", str(time.time() + 60), "-o", str(tmp_path)]) == 1
    assert result_of(tmp_path)["reason"]["code"] == "killed"


def test_studies_that_the_run_had_finished_are_listed(tmp_path: Path) -> None:
    started = time.time() - 1

    def killed() -> None:
        publication = open_publication(tmp_path)
        stage(publication, "1.2", "report")
        publication.publish_study(not_evaluable("1.2"), ORIGIN)
        os._exit(9)

    in_a_process(killed)
    assert not (tmp_path / "result.json").exists()
    assert main(["137", str(started), "-o", str(tmp_path)]) == 1
    result = result_of(tmp_path)
    assert [study["study_instance_uid"] for study in result["studies"]] == ["1.2"]
    assert (result["exit_code"], result["reason"]["code"]) == (1, "killed")
    assert report(tmp_path, "1.2") == "report"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.2", "metadata.json", "result.json"]


def test_another_run_that_is_writing_there_by_now_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_publication(tmp_path) as publication:
        assert main(["137", "0", "-o", str(tmp_path)]) == 6
        assert publication.staging.is_dir()
    assert "Another run" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_exit_code_6(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["137", "0", "-o", str(tmp_path / "file" / "out")]) == 6
    assert "cannot be written" in capsys.readouterr().err
