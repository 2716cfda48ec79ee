"""The log on stderr: one line a record, as text or as JSON, with time stamps and without any value of the input.

Only messages of this application are logged: those of its libraries quote headers. A traceback is types and places.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from app.console import visible
from liver_mre.results.audit import FIELDS
from liver_mre.results.json_text import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS: Final = ("debug", "info", "warning", "error")
FORMATS: Final = ("text", "json")
COMPLAINTS: Final = "liver-mre"
OURS: Final = ("app", "liver_mre", "operators", COMPLAINTS)
MOST_PLACES: Final = 30
"""Places shown of one exception, the last ones; ours: an endless recursion has a thousand."""


def set_up_logging(level: str, form: str = "text") -> None:
    """Log messages of this application from `level` on to stderr; `form` is one of `FORMATS`."""
    logging.raiseExceptions = False  # a log that cannot be written is no failure
    handler = StderrHandler()
    handler.setFormatter(JsonLines() if form == "json" else Lines(stamped=not sys.stderr.isatty()))
    for name in OURS:
        logger = logging.getLogger(name)
        for other in [one for one in logger.handlers if isinstance(one, StderrHandler)]:
            logger.removeHandler(other)
        logger.addHandler(handler)
        logger.setLevel(level.upper())
    root = logging.getLogger()
    if not root.handlers:  # or Python would print warnings of libraries itself
        root.addHandler(logging.NullHandler())


def log_uncaught() -> None:
    """Log what Python would print by itself, with texts that may quote headers.

    Exceptions of threads, of destructors and of this program that nothing catches become a record with their places;
    warnings of libraries are ignored, unless Python was told otherwise (`python -W`).
    """

    def log_error(error: BaseException | None) -> None:
        complain(f"Nothing caught an exception ({type(error).__name__}).", error)

    def log_raised(raised: threading.ExceptHookArgs | sys.UnraisableHookArgs) -> None:
        log_error(raised.exc_value)

    threading.excepthook = sys.unraisablehook = log_raised
    sys.excepthook = lambda _type, error, _traceback: log_error(error)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def complain(message: str, error: BaseException | None = None) -> None:
    """Say on stderr what is wrong, at every level of the log; where an error was raised is said after it."""
    logger = logging.getLogger(COMPLAINTS)
    if not any(isinstance(one, StderrHandler) for one in logger.handlers):
        set_up_logging("warning")
    logger.error(message, exc_info=error)


class StderrHandler(logging.Handler):
    """Writes to what is stderr at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; what cannot be written is lost, and decides nothing."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001  (closed, full, or a value that cannot be formatted)
            self.handleError(record)


class Lines(logging.Formatter):
    """A line a record: with time and level where lines are kept, without them on a terminal."""

    def __init__(self, *, stamped: bool) -> None:
        super().__init__()
        self._stamped = stamped

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and one more for each place of a traceback."""
        head = f"{_time(record)} {record.levelname} {record.name}" if self._stamped else record.name
        return "\n".join([f"{head}: {visible(record.getMessage())}", *(f"  {place}" for place in _places(record))])


class JsonLines(logging.Formatter):
    """A JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger and message, the values of the record, and the traceback if there is one."""
        content = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        places = list(_places(record))
        return json_text(content | {"traceback": places} if places else content)


def _time(record: logging.LogRecord) -> str:
    """Return the time of a record in UTC, in milliseconds."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _places(record: logging.LogRecord) -> Iterator[str]:
    if record.exc_info and record.exc_info[1]:
        yield from traceback_places(record.exc_info[1])


def traceback_places(error: BaseException, seen: frozenset[int] = frozenset()) -> Iterator[str]:
    """Yield the types of an exception, its causes and members, and where each was raised.

    Texts of exceptions are left out, and so are lines of source: both may quote headers.
    """
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    seen |= {id(error)}
    if before is not None and id(before) not in seen:
        yield from traceback_places(before, seen)
        yield "which led to"
    for frame, line in list(traceback.walk_tb(error.__traceback__))[-MOST_PLACES:]:
        yield f"{frame.f_globals.get('__name__', '?')}:{line} in {frame.f_code.co_name}"
    yield type(error).__qualname__
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from traceback_places(member, seen)
