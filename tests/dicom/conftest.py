from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulation.encodings.siemens import write_study
from tests.simulation.exam_factory import make_exam

if TYPE_CHECKING:
    from simulation.encodings.types import WrittenStudy


@pytest.fixture(scope="session")
def siemens(tmp_path_factory: pytest.TempPathFactory) -> WrittenStudy:
    """One small Siemens study; tests read it and never change it."""
    return write_study(make_exam(), tmp_path_factory.mktemp("siemens"))
