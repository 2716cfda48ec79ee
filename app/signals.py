"""SIGTERM and SIGINT: the program ends within five seconds, and nothing half-written stays behind.

Holoscan sets handlers of its own when a graph starts, which leave the process after three seconds whatever it is
doing. So while a run lasts both signals are blocked, in every thread, and one thread waits for them: no handler is ever
called. A thread inherits what is blocked when it is started, and numpy starts some when it is imported: `block` comes
before that.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from liver_mre.workflow.stop import Stop

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SECONDS_TO_STOP = 2.0
"""How long a run may go on with the step it is in. Orchestrators kill what has not ended after 10 s, some after 5 s."""
POLL_SECONDS = 0.2


def block() -> None:
    """Leave signals waiting, in this thread and those that it starts, until `stopping` takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


@contextmanager
def stopping(stop: Stop, give_up: Callable[[], None]) -> Iterator[None]:
    """While this holds, a signal asks the run to stop; `give_up` is called if it is still there two seconds later."""
    if threading.current_thread() is not threading.main_thread():
        yield  # whoever runs this in a thread of its own has signals in hand
        return
    finished = threading.Event()
    watcher = threading.Thread(target=_watch, args=(stop, give_up, finished), name="signals", daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch(stop: Stop, give_up: Callable[[], None], finished: threading.Event) -> None:
    while not finished.is_set():
        if signal.sigtimedwait(SIGNALS, POLL_SECONDS) is None:
            continue
        stop.ask()
        if not finished.wait(SECONDS_TO_STOP):
            give_up()
