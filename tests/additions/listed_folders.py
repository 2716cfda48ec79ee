"""An invented source of studies: a text file that names folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from liver_mre.studies.reader import read_studies
from liver_mre.studies.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liver_mre.studies.study import Study


class ListedFolders:
    """The studies of every folder that a file of the ending `.folders` names, one a line; nobody knows how many."""

    total: int | None = None
    warnings: tuple[str, ...] = ("Folders were read from a list.",)

    def __init__(self, path: Path) -> None:
        self._path, self._scratch = path, Scratch()

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Tell by the ending."""
        return path.suffix == ".folders"

    def __iter__(self) -> Iterator[Study]:
        """Read folder after folder."""
        for line in self._path.read_text(encoding="utf-8").splitlines():
            yield from read_studies(self._path.parent / line, scratch=self._scratch).studies

    def close(self) -> None:
        """Remove temporary files."""
        self._scratch.remove()

    def __enter__(self) -> Self:
        """Use it for a run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
