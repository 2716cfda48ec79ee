"""After a crash the unfinished results are gone, and result.json says what happened, unless the run wrote it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from app.after_crash import main
from liver_mre.results.publish import STAGING_PREFIX
from tests.app.test_run import result_of

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


def test_a_result_that_the_run_wrote_is_kept(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}", encoding="utf-8")
    assert main(["143", str(time.time() - 60), "-o", str(tmp_path)]) == 1
    assert (tmp_path / "result.json").read_text(encoding="utf-8") == "{}"


def test_a_result_of_an_earlier_run_is_replaced_and_another_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{}", encoding="utf-8")
    (tmp_path / f"{STAGING_PREFIX}earlier").mkdir()
    assert main(["137", str(time.time() + 60), "-o", str(tmp_path)]) == 1
    assert result_of(tmp_path)["reason"]["code"] == "killed"
    assert (tmp_path / f"{STAGING_PREFIX}earlier").is_dir()


def test_an_output_that_cannot_be_written_is_exit_code_6(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["137", "0", "-o", str(tmp_path / "file" / "out")]) == 6
    assert "cannot be written" in capsys.readouterr().err
