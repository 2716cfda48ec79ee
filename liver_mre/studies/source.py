"""Sources of studies: a folder or file today; a spool folder could be another.

A source owns the temporary files of unpacked archives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self

from liver_mre.studies.reader import read_studies
from liver_mre.studies.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liver_mre.studies.study import Study


class StudySource(Protocol):
    """An iterable of studies; a context manager, which removes temporary files."""

    def __init__(self, path: Path) -> None:
        """Take a path that it accepts; reading starts with the iteration."""

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Whether this source reads such a path."""

    @property
    def total(self) -> int | None:
        """Number of studies; None if not yet known."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be read: counts, no names."""

    def __iter__(self) -> Iterator[Study]:
        """Iterate over the studies, each once. Raises `MreError` if the input holds none or cannot be read."""

    def close(self) -> None:
        """Remove temporary files; the source is unusable afterwards."""

    def __enter__(self) -> Self:
        """Use the source for a run."""

    def __exit__(self, *_: object) -> None:
        """Close the source."""


class FolderSource:
    """The studies of a folder, read recursively, or of one file.

    Parameters
    ----------
    path : folder of DICOM studies and zip archives of them, or one file
    digest_key : secret key of the patients' digests; by default a random one, so that other sources' differ
    """

    def __init__(self, path: Path, *, digest_key: bytes | None = None) -> None:
        self._path = path
        self._digest_key = digest_key
        self._scratch = Scratch()
        self._total: int | None = None
        self._warnings: tuple[str, ...] = ()

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Any path."""
        del path
        return True

    @property
    def total(self) -> int | None:
        """Number of studies; None before iterating."""
        return self._total

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be read: counts, no names."""
        return self._warnings

    def __iter__(self) -> Iterator[Study]:
        """Read all headers, then iterate over the studies by UID. Errors are those of `read_studies`."""
        scan = read_studies(self._path, scratch=self._scratch, digest_key=self._digest_key)
        self._total, self._warnings = len(scan.studies), scan.warnings
        return iter(scan.studies)

    def close(self) -> None:
        """Remove the files of unpacked archives."""
        self._scratch.remove()

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the source."""
        self.close()


SOURCES: Final[list[type[StudySource]]] = [FolderSource]
"""Every kind of source; the first that accepts a path reads it."""


def open_source(path: Path) -> StudySource:
    """Return the first source that accepts a path."""
    return next(source for source in SOURCES if source.accepts(path))(path)
