"""Suppression of warnings of the DICOM libraries, because they quote header values such as patient names."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIBRARIES: Final = ("highdicom", "pydicom")
_ABOVE_ALL: Final = logging.CRITICAL + 1


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress warnings and log messages of pydicom and highdicom."""
    loggers = [logging.getLogger(name) for name in _LIBRARIES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(_ABOVE_ALL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
