"""SIGTERM and SIGINT: the program ends soon, and nothing half-written stays behind."""

from __future__ import annotations

import signal
import threading
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object]

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def interrupting() -> AbstractContextManager[None]:
    """While this holds, a signal raises `KeyboardInterrupt`, so that every `finally` is done."""
    return _handling(_interrupt)


def left_to_the_graph() -> AbstractContextManager[None]:
    """While this holds, a signal raises nothing: Holoscan stops the graph itself, and the publisher says so."""
    return _handling(_pass)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    del signum, frame
    raise KeyboardInterrupt


def _pass(signum: int, frame: FrameType | None) -> None:
    del signum, frame


@contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
