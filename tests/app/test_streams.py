"""Whoever reads stdout and stderr, or nobody: what is measured and the exit code are the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
