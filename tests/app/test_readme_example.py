"""README shows what `make run` prints, to the last digit on processors like that of README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.cli import main
from simulation.__main__ import main as simulate

README = Path(__file__).resolve().parents[2] / "README.md"
CPU = Path("/proc/cpuinfo")
ROW = re.compile("^│ (.*?) *│ (.*?) *│$", re.MULTILINE)
NUMBER = re.compile(r"\d+(?:\.\d+)?")
ELSEWHERE = 0.01
"""Relative tolerance on processors without AMX, where the networks do not run in bfloat16."""


def rows(text: str) -> dict[str, str]:
    return {label: said for label, said in ROW.findall(text) if label}


def test_the_readme_shows_what_make_run_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = rows(README.read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    assert simulate(["example", "--out", "example"]) == 0
    capfd.readouterr()
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["run", "-i", "example/study", "-o", "results", "--preview"]) == 0
    printed = rows(capfd.readouterr().out)
    if CPU.exists() and "amx_bf16" in CPU.read_text(encoding="utf-8"):
        assert printed == shown
    for label, said in shown.items():
        assert NUMBER.sub("", printed[label]) == NUMBER.sub("", said)
        found, told = (list(map(float, NUMBER.findall(text))) for text in (printed[label], said))
        assert found == pytest.approx(told, rel=ELSEWHERE)
