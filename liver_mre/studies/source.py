"""Where studies come from: today a folder or file; a spool that others fill can be another source.

A source owns what lasts as long as reading from it: temporary files of unpacked archives, and the structured reports
beside the studies, each of which is read once.
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
    """Gives studies, one after the other; used as a context manager, which removes its temporary files."""

    def __init__(self, path: Path) -> None:
        """Prepare to read a path that `accepts` is true of; nothing is read before the first study is asked for."""

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Tell whether this source reads such a path."""

    @property
    def total(self) -> int | None:
        """Number of studies; None where nobody knows yet."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be read, counted and not named."""

    def __iter__(self) -> Iterator[Study]:
        """Give every study once. Raises `MreError` where the input holds none or cannot be read."""

    def close(self) -> None:
        """Remove temporary files; nothing can be read afterwards."""

    def __enter__(self) -> Self:
        """Use the source for a run."""

    def __exit__(self, *_: object) -> None:
        """Close the source."""


class FolderSource:
    """The studies of a folder, read recursively, or of one file.

    Parameters
    ----------
    path : folder of DICOM studies and zip archives of them, or one file
    digest_key : key of the patients' digests; by default a random one, so that they mean nothing outside this source
    """

    def __init__(self, path: Path, *, digest_key: bytes | None = None) -> None:
        self._path = path
        self._digest_key = digest_key
        self._scratch = Scratch()
        self._total: int | None = None
        self._warnings: tuple[str, ...] = ()

    @classmethod
    def accepts(cls, path: Path) -> bool:
        """Read everything that no other source claims."""
        del path
        return True

    @property
    def total(self) -> int | None:
        """Number of studies; None before they were looked for."""
        return self._total

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be read, counted and not named."""
        return self._warnings

    def __iter__(self) -> Iterator[Study]:
        """Read all headers, then give the studies by UID. Errors are those of `read_studies`."""
        scan = read_studies(self._path, scratch=self._scratch, digest_key=self._digest_key)
        self._total, self._warnings = len(scan.studies), scan.warnings
        return iter(scan.studies)

    def close(self) -> None:
        """Remove the files of unpacked archives."""
        self._scratch.remove()

    def __enter__(self) -> Self:
        """Use the source for a run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the source."""
        self.close()


SOURCES: Final[list[type[StudySource]]] = [FolderSource]
"""Every kind of source; the first that accepts a path reads it."""


def open_source(path: Path) -> StudySource:
    """Return the source that reads a path."""
    return next(source for source in SOURCES if source.accepts(path))(path)
