"""Silence of the DICOM libraries, which quote the values that they complain about: names and dates of patients."""

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
    """Keep pydicom and highdicom from quoting values; pydicom says everything twice, as warning and in its log."""
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
