"""An invented source of studies: a text file that names folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liver_mre.studies.reader import read_studies
from liver_mre.studies.study_source import StudySource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liver_mre.studies.study import Study


class ListedFolders(StudySource):
    """The studies of every folder that a file of the ending `.folders` names, one a line; nobody knows how many."""

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Tell by the ending."""
        return path.suffix == ".folders"

    def __iter__(self) -> Iterator[Study]:
        """Read folder after folder."""
        self.warnings = ("Folders were read from a list.",)
        for line in self._path.read_text(encoding="utf-8").splitlines():
            yield from read_studies(self._path.parent / line, scratch=self._scratch).studies
