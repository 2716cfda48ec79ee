"""One simulated study as a scanner writes it, shared by all tests of the application."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from simulation.encodings import ENCODINGS
from simulation.exams.simulate import simulate_exam

if TYPE_CHECKING:
    from pathlib import Path

SEED = 90210


@dataclass(frozen=True)
class ExampleStudy:
    """A study's folder and where its series are."""

    folder: Path
    series: dict[str, tuple[Path, ...]]

    def copy(self, target: Path, *, without: tuple[str, ...] = ()) -> Path:
        """Copy the study to `target`, leaving out series whose description ends with one of `without`."""
        target.mkdir(parents=True)
        for description, files in self.series.items():
            if not description.endswith(without or ("\0",)):
                for file in files:
                    shutil.copy(file, target / file.name)
        return target


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> ExampleStudy:
    folder = tmp_path_factory.mktemp("example") / "study"
    written = ENCODINGS["siemens-gre"](simulate_exam(SEED, stage="F2"), folder)
    return ExampleStudy(folder, {series.description: tuple(series.files) for series in written.series})
