"""What every source of studies has: studies to iterate over, and the temporary files that it owns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from liver_mre.studies.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from liver_mre.studies.study import Study


class StudySource(ABC):
    """An iterable of studies; a context manager, which removes temporary files.

    Parameters
    ----------
    path : one that the source accepts; reading starts with the iteration

    Attributes
    ----------
    total : number of studies; None if not yet known
    warnings : what could not be read: counts, no names
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._scratch = Scratch()
        self.total: int | None = None
        self.warnings: tuple[str, ...] = ()

    @classmethod
    @abstractmethod
    def accepts(cls, path: Path) -> bool:
        """Whether this source reads such a path."""

    @abstractmethod
    def __iter__(self) -> Iterator[Study]:
        """Iterate over the studies, each once. Raises `MreError` if the input holds none or cannot be read."""

    def close(self) -> None:
        """Remove temporary files, such as those of unpacked archives; the source is unusable afterwards."""
        self._scratch.remove()

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the source."""
        self.close()
