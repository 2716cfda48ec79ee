"""A temporary folder, created when first needed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Self


class Scratch:
    """A temporary folder; removed at the end of the program if not before."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> Path:
        """The folder. Raises `OSError` if it cannot be created."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="liver-mre-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    def __enter__(self) -> Self:
        """Use the folder for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the folder."""
        self.remove()

    def remove(self) -> None:
        """Remove the folder and its contents."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
