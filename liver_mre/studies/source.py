"""The registered sources of studies: a folder or file today; a spool folder could be another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.studies.reader import read_studies
from liver_mre.studies.study_source import StudySource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liver_mre.studies.study import Study


class FolderSource(StudySource):
    """The studies of a folder, read recursively, or of one file; zip archives in it are unpacked."""

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Any path."""
        del path
        return True

    def __iter__(self) -> Iterator[Study]:
        """Read all headers, then iterate over the studies by UID. Errors are those of `read_studies`."""
        scan = read_studies(self._path, scratch=self._scratch)
        self.total, self.warnings = len(scan.studies), scan.warnings
        return iter(scan.studies)


SOURCES: Final[list[type[StudySource]]] = [FolderSource]
"""Every kind of source; the first that accepts a path reads it."""


def open_source(path: Path) -> StudySource:
    """Return the first source that accepts a path."""
    return next(source for source in SOURCES if source.accepts(path))(path)
