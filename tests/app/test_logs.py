"""The log: a line a record with its time, one audit line a study, and tracebacks without any value."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

import pytest

from app import logs
from app.cli import main
from liver_mre.errors import NoEligibleSeriesError
from liver_mre.results.audit import log_run, log_study
from liver_mre.results.result import StudyResult, failed_run
from liver_mre.workflow.outcome import INTERRUPTED, reason_of
from tests.app.test_summary import measured

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.conftest import ExampleStudy

QUOTED = "PATIENT^NAME"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def fail_with_causes() -> None:
    """Raise what quotes a header in its text, in that of its cause, of its context and of its members."""
    try:
        try:
            {}[QUOTED]
        except KeyError as error:
            raise ValueError(QUOTED) from error
    except ValueError as error:
        raise ExceptionGroup(QUOTED, [OSError(QUOTED), TypeError(QUOTED), error]) from None


@pytest.mark.parametrize("form", logs.FORMATS)
def test_a_traceback_is_types_and_places(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logging("debug", form)
    try:
        fail_with_causes()
    except ExceptionGroup:
        logging.getLogger("liver_mre.workflow.runner").debug("step %s failed", "segment", exc_info=True)
    said = capsys.readouterr().err
    assert QUOTED not in said
    for kind in ("KeyError", "ValueError", "OSError", "TypeError", "ExceptionGroup"):
        assert kind in said
    assert re.search(r"tests\.app\.test_logs:\d+ in fail_with_causes|test_logs:\d+ in fail_with_causes", said)


def test_a_traceback_that_another_log_has_formatted_is_not_taken_over(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logging("debug")
    logger = logging.getLogger("liver_mre")
    other = logging.NullHandler()
    other.handle = lambda record: logging.Formatter().format(record) is None  # type: ignore[method-assign]
    logger.handlers.insert(0, other)
    try:
        fail_with_causes()
    except ExceptionGroup:
        logger.debug("failed", exc_info=True)
    finally:
        logger.removeHandler(other)
    assert QUOTED not in capsys.readouterr().err


def test_messages_of_libraries_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logging("debug")
    for name in ("pydicom", "highdicom", "PIL", "holoscan"):
        logging.getLogger(name).warning(QUOTED)
    assert capsys.readouterr().err == ""


def test_a_line_has_time_level_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logging("info")
    logging.getLogger("liver_mre.series").info("listed")
    assert re.fullmatch(rf"{TIME} INFO liver_mre\.series: listed\n", capsys.readouterr().err)


def test_on_a_terminal_a_complaint_is_a_plain_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    logs.set_up_logging("warning")
    logs.complain("The input does not exist.")
    assert capsys.readouterr().err == "liver-mre: The input does not exist.\n"


@pytest.mark.parametrize("form", logs.FORMATS)
def test_bytes_that_are_no_text_are_shown_as_codes(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logging("warning", form)
    logs.complain("There is no folder '\udcff'.")
    line = capsys.readouterr().err
    assert (json.loads(line)["message"] if form == "json" else line.strip()).endswith(r"There is no folder '\udcff'.")


def test_a_log_that_cannot_be_written_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.set_up_logging("info")
    monkeypatch.setattr("sys.stderr", None)
    logs.complain("nobody hears this")


@pytest.mark.parametrize(
    ("study", "line"),
    [
        (measured(3.0), "study 2/3: measured, stiffness reported, 1.50 s"),
        (
            StudyResult(
                "1.2.3", failure=reason_of(NoEligibleSeriesError(QUOTED)), timings_s={"list": 1.0, "read": 0.5}
            ),
            "study 2/3: skipped (no_mre_series), no stiffness reported, 1.50 s",
        ),
    ],
)
def test_the_audit_line_of_a_study_says_how_it_ended_and_not_whose_it_is(
    study: StudyResult, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study.timings_s.update({"list": 1.0, "read": 0.5})
    logs.set_up_logging("info")
    log_study(2, 3, study)
    assert line in capsys.readouterr().err
    logs.set_up_logging("info", "json")
    log_study(2, 3, study)
    (content,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (content["study"], content["studies"], content["seconds"]) == (2, 3, 1.5)
    assert content["stiffness_reported"] == (study.measurement is not None)
    assert study.study_instance_uid not in json.dumps(content)


def test_the_audit_line_of_a_run_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logging("info", "json")
    log_run(failed_run(INTERRUPTED))
    (content,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (content["run"], content["reason"], content["exit_code"]) == ("failed", "interrupted", 1)


def test_the_log_of_a_good_run_has_every_step_and_one_audit_line_a_study(
    example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "-i", str(example.folder), "-o", str(tmp_path), "--log-format", "json"]
    assert main(arguments) == 0
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert lines[0]["message"] == "reading the input"
    audit = [line for line in lines if line["logger"] == "liver_mre.results.audit"]
    assert [line.get("outcome", line.get("run")) for line in audit] == ["measured", "completed"]
    assert sum("segmenting" in line["message"] for line in lines) == 1
