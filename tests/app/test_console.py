"""No text of a header, a file or an option is markup, or steers the terminal, wherever it is shown."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom
import pytest

from app import logs
from app.check import acquisition_table, series_table
from app.cli import main
from app.console import coloured, make_console, reporting, stacked, visible
from app.qc import slice_table
from app.summary import print_summary
from liver_mre.api import check_folder
from liver_mre.results.result import RunResult
from liver_mre.workflow.outcome import RunStatus
from tests.app.test_bad_input import rename
from tests.app.test_summary import measured
from tests.report.content_factory import make_quality

if TYPE_CHECKING:
    from tests.app.conftest import ExampleStudy

HOSTILE = (
    *("[/b]", "[bold red]x", "[link=file:///etc/passwd]x[/link]", ":skull:", "[", "\\[b]"),
    *("\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "a\rb", "a\nSeries 7 would be measured.", "\x00", "\x7f", "\x85"),
    *("a\u202eb", "\u2066x", "\u200fx", "x\u200b", "\ufeff", "\u2028x", "\udc80"),
)


def is_harmless(text: str) -> bool:
    return all(one.isprintable() for one in text.replace("\n", ""))


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_shown_on_one_line_and_keeps_its_letters(text: str) -> None:
    shown = visible(f"a{text}z")
    assert shown.isprintable()
    assert (shown[0], shown[-1]) == ("a", "z")
    assert [one for one in text if one.isprintable()] == [one for one in text if one.isprintable() and one in shown]


def test_text_of_every_language_stays_as_it_is() -> None:
    for text in ("Lebersteifigkeit 95 %", "肝臓 MRエラストグラフィ", "жёсткость", "كبد", "a\u00a0b"):
        assert visible(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_strings_that_are_printed_are_never_markup(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    console = make_console()
    table = slice_table(text, make_quality(lost={}))
    table.add_column(text)
    table.add_row(text, text, stacked([text, text]), coloured((text, "red")))
    for printed in (text, table, stacked([text]), coloured((text, "red"), (text, ""))):
        console.print(printed)
    assert is_harmless(capsys.readouterr().out)


@pytest.mark.parametrize("text", HOSTILE)
def test_tables_of_check_and_run_show_a_hostile_study_as_it_is(
    text: str, example: ExampleStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    (study,) = check_folder(example.folder).studies
    (acquisition,) = study.acquisitions
    described = tuple(replace(one, description=text, reason=text) for one in study.input_series)
    study = replace(study, study_instance_uid=text, input_series=described)
    study = replace(study, acquisitions=(replace(acquisition, notes=(text, text)),))
    console = make_console()
    console.print(series_table(study))
    console.print(acquisition_table(study))
    print_summary(RunResult(RunStatus.COMPLETED, 0, (measured(3.0),), warnings=(text,)), Path(f"some{text}where"))
    printed = capsys.readouterr().out
    assert is_harmless(printed)
    assert sum(line.startswith("Series 7 would") for line in printed.splitlines()) == 0


@pytest.mark.parametrize("form", logs.FORMATS)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_of_the_log_is_one_line(text: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logging("info", form)
    logging.getLogger("liver_mre.studies").info("%s", f"read {text}")
    logs.complain(f"bad {text}")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("text", ["[/b]", "[link=x]", "\x1b[2J", "a\nb"])
def test_options_may_hold_anything(
    text: str, example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = example.copy(tmp_path / "in", without=("Stiff",))
    assert main(["check", str(folder), "--series", f"1.2{text}"]) in {2, 3}
    out = tmp_path / "out[/b][link=x]"
    assert main(["run", "-i", str(folder), "-o", str(out), "--series", f"1.2{text}"]) in {2, 3}
    assert json.loads((out / "result.json").read_text(encoding="utf-8"))["exit_code"] in {2, 3}
    with pytest.raises(SystemExit):
        main(["check", str(folder), f"--no-such-option={text}"])
    printed = capfd.readouterr()
    assert is_harmless(printed.out)
    assert is_harmless(printed.err)


def test_a_description_that_is_markup_changes_no_exit_code(
    example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = example.copy(tmp_path / "in")
    for path in folder.iterdir():
        image = pydicom.dcmread(path)
        image.SeriesDescription = f"{image.SeriesDescription} [/b][link=x]\u202e"
        image.SpecificCharacterSet = "ISO_IR 192"
        image.save_as(path)
    assert main(["check", str(folder)]) == 0
    assert main(["qc", str(folder)]) == 0
    printed = capfd.readouterr().out
    assert "[/b][link=x]" in "".join(printed.split())
    assert is_harmless(printed)


def test_reporting_that_fails_decides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up_logging("debug")
    with reporting():
        message = "PATIENT^NAME"
        raise ValueError(message)
    said = capsys.readouterr().err
    assert "could not be shown (ValueError)" in said
    assert "PATIENT" not in said


def test_qc_names_the_study_of_every_verdict(
    example: ExampleStudy, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    example.copy(tmp_path / "in" / "a")
    uids = {pydicom.dcmread(example.folder / next(example.folder.iterdir()).name).StudyInstanceUID}
    for path in example.copy(tmp_path / "in" / "b").iterdir():
        image = pydicom.dcmread(path)
        rename(image, "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", copy="b")
        uids.add(image.StudyInstanceUID)
        image.save_as(path)
    assert main(["qc", str(tmp_path / "in")]) == 0
    printed = capfd.readouterr().out
    assert len(uids) == 2
    assert all(f": {uid}" in printed for uid in uids)
    assert printed.index("Study 1 of 2") < printed.index("Quality of series 7") < printed.index("Study 2 of 2")
