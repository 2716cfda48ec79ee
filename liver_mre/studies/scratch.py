"""A folder for temporary files that is made when first needed and removed with its owner."""

from __future__ import annotations

import tempfile
from pathlib import Path


class Scratch:
    """Temporary files of one owner; whatever is left when the program ends is removed then."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> Path:
        """The folder, empty at first. Raises `OSError` where none can be made."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="liver-mre-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    def remove(self) -> None:
        """Remove the folder and what is in it."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
