"""The page of examples shows every exam asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from simulation.__main__ import main
from simulation.exams.picture import draw_page
from tests.simulation.exam_factory import make_exam

if TYPE_CHECKING:
    from pathlib import Path

    from simulation.planning.variety import Variety
    from simulation.types import SimulatedExam


def test_a_page_grows_by_a_row_with_every_exam(tmp_path: Path) -> None:
    heights = []
    for count in (1, 3):
        draw_page([make_exam()] * count, tmp_path / "page.png")
        with Image.open(tmp_path / "page.png") as page:
            heights.append(page.height)
    assert heights[1] > 2 * heights[0]


def test_a_cause_of_failure_is_asked_for_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[int, str, str | None]] = []

    def simulate(seed: int, *, variety: Variety, failure: str | None) -> SimulatedExam:
        asked.append((seed, variety.name, failure))
        return make_exam()

    monkeypatch.setattr("simulation.exams.simulate.simulate_exam", simulate)
    page = str(tmp_path / "page.png")
    assert main(["picture", "--out", page, "--variety", "wide", "--seeds", "7", "8:no waves"]) == 0
    assert asked == [(7, "wide", None), (8, "wide", "no waves")]
    with pytest.raises(SystemExit):
        main(["picture", "--out", page, "--seeds", "8:bad luck"])
    assert "the cause must be one of no waves" in capsys.readouterr().err
