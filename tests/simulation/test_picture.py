"""The page of examples shows every exam asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from simulation.picture import draw_page
from tests.simulation.exam_factory import make_exam

if TYPE_CHECKING:
    from pathlib import Path


def test_a_page_grows_by_a_row_with_every_exam(tmp_path: Path) -> None:
    heights = []
    for count in (1, 3):
        draw_page([make_exam()] * count, tmp_path / "page.png")
        with Image.open(tmp_path / "page.png") as page:
            heights.append(page.height)
    assert heights[1] > 2 * heights[0]
