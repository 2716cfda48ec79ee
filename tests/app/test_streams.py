"""Whoever reads stdout and stderr, or nobody: what is measured and the exit code are the same."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEG2000Lossless

from tests.app.test_run import result_of

if TYPE_CHECKING:
    from tests.app.conftest import ExampleStudy

ROOT = Path(__file__).resolve().parents[2]
COMMAND = f"{sys.executable} -c 'from app.cli import script; script()'"
CLOSED = ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "> /dev/full", "> /dev/full 2> /dev/full"]


def shell(command: str, **paths: Path | str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **{name: str(path) for name, path in paths.items()}}
    program = ["bash", "-o", "pipefail", "-c", command.replace("liver-mre", COMMAND)]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("streams", ["", *CLOSED])
def test_a_check_has_its_exit_code_whatever_streams_are_open(streams: str, example: ExampleStudy) -> None:
    assert shell(f'liver-mre check --json "$IN" {streams}', IN=example.folder).returncode == 0


@pytest.mark.parametrize(
    "command",
    ['check --json "$IN"', 'check "$IN"', "info", "--help", "run --help", "--version"],
)
def test_a_reader_who_goes_away_changes_no_exit_code(command: str, example: ExampleStudy) -> None:
    done = shell(f"liver-mre {command} | head -c 0; exit ${{PIPESTATUS[0]}}", IN=example.folder)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_run_measures_and_publishes_without_any_open_stream(example: ExampleStudy, tmp_path: Path) -> None:
    done = shell('liver-mre run -i "$IN" -o "$OUT" <&- >&- 2>&-', IN=example.folder, OUT=tmp_path / "out")
    assert done.returncode == result_of(tmp_path / "out")["exit_code"] == 0
    assert [study["status"] for study in result_of(tmp_path / "out")["studies"]] == ["measured"]


def test_what_could_not_be_printed_is_said(example: ExampleStudy) -> None:
    done = shell('liver-mre check "$IN" > /dev/full', IN=example.folder)
    assert done.returncode == 0
    assert "incomplete (ENOSPC)" in done.stderr


def test_usage_errors_keep_their_exit_code_without_streams() -> None:
    assert shell("liver-mre run --no-such-option >&- 2>&-").returncode == 2
    assert shell("liver-mre run -i nowhere -o /proc/nowhere 2> /dev/full").returncode == 6


def test_every_line_of_a_json_log_is_json_down_to_debug(example: ExampleStudy, tmp_path: Path) -> None:
    done = shell(
        'liver-mre run -i "$IN" -o "$OUT" --log-level debug --log-format json', IN=example.folder, OUT=tmp_path / "out"
    )
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stderr.splitlines()]  # Holoscan's own lines are none
    assert lines[-1]["run"] == "completed"


NOISE = """
import os, sys, threading, warnings
from app import check, cli
measure = check.check
def noisy(*arguments, **options):
    for descriptor in (1, 2):
        os.write(descriptor, b"Sesame: corrupt data\\n")
    warnings.warn("Sesame")
    thread = threading.Thread(target=lambda: {}["Sesame"])
    thread.start()
    thread.join()
    return measure(*arguments, **options)
check.check = noisy
"""


def noisy(before: str, *options: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", f"{before}\ncli.script('check')", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("level", ["debug", "info", "error"])
def test_what_libraries_print_by_themselves_is_not_in_a_json_log_nor_in_results(
    level: str, example: ExampleStudy
) -> None:
    done = noisy(NOISE, str(example.folder), "--json", "--log-format", "json", "--log-level", level)
    assert done.returncode == 0
    assert json.loads(done.stdout)["studies"]
    (record,) = [json.loads(line) for line in done.stderr.splitlines() if "Nothing caught" in line]
    assert record["message"] == "Nothing caught an exception (KeyError)."
    assert record["traceback"][-1] == "KeyError"
    assert all(json.loads(line) for line in done.stderr.splitlines())
    assert "Sesame" not in done.stdout + done.stderr


def test_only_the_debug_log_in_text_has_what_libraries_print(example: ExampleStudy) -> None:
    done = noisy(NOISE, str(example.folder), "--json", "--log-level", "info")
    assert "corrupt" not in done.stdout + done.stderr
    done = noisy(NOISE, str(example.folder), "--json", "--log-level", "debug")
    assert done.stderr.count("Sesame: corrupt data\n") == done.stderr.count("Sesame") == 2
    assert json.loads(done.stdout)["studies"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_crash_in_a_library_shows_where_it_was(form: str, example: ExampleStudy) -> None:
    crash = "\nimport faulthandler\ncheck.check = lambda *_, **__: faulthandler._sigsegv()"
    done = noisy(NOISE + crash, str(example.folder), "--log-format", form)
    assert done.returncode == -signal.SIGSEGV
    assert "Segmentation fault" in done.stderr
    assert "app/cli.py" in done.stderr


def test_complaints_of_a_decoder_are_not_between_the_lines_of_a_json_log(example: ExampleStudy, tmp_path: Path) -> None:
    folder = example.copy(tmp_path / "in", without=("Wave", "_P"))
    for file in folder.iterdir():
        image = dcmread(file)
        if image.SeriesDescription.endswith("_StiffC95"):
            image.compress(JPEG2000Lossless, generate_instance_uid=False)
            (frame,) = generate_frames(image.PixelData, number_of_frames=1)
            start, end = frame.index(b"\xff\x90"), 9 * len(frame) // 20 * 2
            length = struct.pack(">L", end - start)  # the tile-part says that it ends here: the headers agree
            image.PixelData = encapsulate([frame[: start + 6] + length + frame[start + 10 : end] + b"\xff\xd9"])
            image.save_as(file)
    options = '--log-format json --log-level debug 2> "$OUT.err"'
    done = shell(f'liver-mre run -i "$IN" -o "$OUT" {options}', IN=folder, OUT=tmp_path / "out")
    assert done.returncode == 4
    assert all(json.loads(line) for line in (tmp_path / "out.err").read_text().splitlines())
    done = shell('liver-mre run -i "$IN" -o "$OUT" --quiet', IN=folder, OUT=tmp_path / "out")
    assert [line.split(": ")[1][:5] for line in done.stderr.splitlines()] == ["study"]
