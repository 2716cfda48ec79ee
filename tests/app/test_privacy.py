"""Nothing that a study says of its patient is printed or logged; `tests/fuzz/privacy.py` tries more ends of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.cli import main
from liver_mre.method import steps
from tests.fuzz.forked import Ended
from tests.fuzz.privacy import DAMAGES, DESCRIPTION, Tokens, leaks, plant_bug, write_marked

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.conftest import ExampleStudy


@pytest.fixture(autouse=True)
def holoscan_keeps_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the level of Holoscan's log, which would stay at debug for the tests that follow."""
    monkeypatch.setenv("HOLOSCAN_LOG_LEVEL", "ERROR")


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def marked(example: ExampleStudy, tmp_path: Path, tokens: Tokens) -> Path:
    """Return a study whose every text element, file name and folder name holds a token."""
    folder = tmp_path / tokens.make("folder name")
    write_marked(example.folder, folder, tokens)
    return folder


def searched(word: str, out: Path, tokens: Tokens, code: int, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was found in what a command printed and wrote."""
    printed = capfd.readouterr()
    return leaks(word, Ended(code, printed.out, printed.err, 0.0), out, tokens)


@pytest.mark.parametrize(
    ("damage", "level", "exit_code"),
    [("none", "debug", 0), ("truncated", "info", 4), ("unknown unit", "debug", 3), ("mixed patients", "warning", 4)],
)
def test_a_run_says_nothing_of_the_patient(
    damage: str,
    level: str,
    exit_code: int,
    marked: Path,
    tmp_path: Path,
    tokens: Tokens,
    capfd: pytest.CaptureFixture[str],
) -> None:
    DAMAGES[damage](marked, tokens)
    code = main(["run", "-i", str(marked), "-o", str(tmp_path / "out"), "--log-level", level])
    assert code == exit_code
    assert searched("run", tmp_path / "out", tokens, code, capfd) == []


@pytest.mark.parametrize("step", ["select", "segment", "write_sr"])
def test_a_bug_whose_exceptions_quote_the_study_says_nothing_of_it(
    step: str,
    marked: Path,
    tmp_path: Path,
    tokens: Tokens,
    capfd: pytest.CaptureFixture[str],
) -> None:
    entry = next(one for one in (*steps.STEPS, *steps.WRITERS) if one.name == step)
    before = entry.work
    plant_bug(step, causes=True)()
    try:
        code = main(["run", "-i", str(marked), "-o", str(tmp_path / "out"), "--log-level", "debug"])
    finally:
        object.__setattr__(entry, "work", before)
    assert code == 1
    printed = capfd.readouterr()
    assert "ExceptionGroup" in printed.err
    assert "in broken" in printed.err
    assert leaks("run", Ended(code, printed.out, printed.err, 0.0), tmp_path / "out", tokens) == []


def test_check_shows_descriptions_and_nothing_else(
    marked: Path, tmp_path: Path, tokens: Tokens, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(marked), "--json", "--log-level", "debug"]) == 0
    printed = capfd.readouterr()
    assert tokens.found_in(printed.out) == {DESCRIPTION}
    assert leaks("check", Ended(0, printed.out, printed.err, 0.0), tmp_path / "out", tokens) == []
