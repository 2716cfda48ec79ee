"""The folder of a study in the output: whether it may be replaced, and replacing it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from liver_mre.errors import OutputError
from liver_mre.results import file_operations

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

ACQUISITION_FOLDER: Final = "acquisition-"
"""Prefix of the study's subfolders for reported acquisitions other than the chosen one; their number follows."""
_ACQUISITION: Final = re.compile(ACQUISITION_FOLDER + "[0-9]+")


def check_replaceable(target: Path, names: Collection[str]) -> None:
    """Refuse to replace a folder that holds anything but results of this application; raises `OutputError`."""
    if os.path.lexists(target) and not holds_only_results(target, names):
        message = (
            "The output folder already holds other files under the study's UID, which would be overwritten. "
            "Choose another output folder."
        )
        raise OutputError(message)


def holds_only_results(folder: Path, names: Collection[str]) -> bool:
    """Tell whether a folder holds results of this application and nothing else, such as the input itself."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    others = [path for path in folder.iterdir() if path.name not in names]
    return all(_ACQUISITION.fullmatch(path.name) and holds_only_results(path, names) for path in others)


def write_to_disk(folder: Path) -> None:
    """Make sure that a folder and all in it are on the disk before it is moved."""
    for path in (*sorted(folder.rglob("*")), folder):
        file_operations.sync(path)


def put_in_place(folder: Path, target: Path, aside: Path) -> None:
    """Move a folder to its place; an earlier one there is exchanged with it, in one step where the file system can.

    Where it cannot, the earlier one is first moved to `aside`; if the run is killed then, the next one moves it back.
    """
    if not os.path.lexists(target):
        file_operations.rename(folder, target)
        return
    try:
        file_operations.exchange(folder, target)
    except OSError as error:
        if error.errno not in file_operations.CANNOT_EXCHANGE:
            raise
        file_operations.rename(target, aside)
        try:
            file_operations.rename(folder, target)
        except OSError:
            file_operations.rename(aside, target)
            raise
