from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulation.encodings import ENCODINGS
from tests.simulation.exam_factory import make_exam

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulation.encodings.types import WrittenStudy


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., WrittenStudy]]:
    """Write the small exam in an encoding, with modifiers, once; tests read studies and never change them."""
    studies: dict[tuple[str, ...], WrittenStudy] = {}

    def write(encoding: str, *modifiers: str) -> WrittenStudy:
        key = (encoding, *modifiers)
        if key not in studies:
            folder = tmp_path_factory.mktemp("encoding")
            studies[key] = ENCODINGS[encoding](make_exam(), folder / "study", modifiers=modifiers)
        return studies[key]

    yield write
    studies.clear()
