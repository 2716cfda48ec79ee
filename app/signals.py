"""On SIGTERM or SIGINT the program ends within five seconds and leaves nothing half-written.

When a graph starts, Holoscan installs handlers that end the process after three seconds, whatever it is doing. So both
signals are blocked in every thread during a run, and one thread waits for them; no handler is ever called. Threads
inherit the signal mask and numpy starts threads on import, so `block` must be called before numpy is imported.
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
"""Time for the current step to end. Orchestrators kill a process that has not ended after 10 s, some after 5 s."""
POLL_SECONDS = 0.2


def block() -> None:
    """Block the signals in this thread and those that it starts; `stopping` handles them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


@contextmanager
def stopping(stop: Stop, give_up: Callable[[], None]) -> Iterator[None]:
    """Within this context a signal asks the run to stop; `give_up` is called if it still runs two seconds later."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are then up to the program that started this thread
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
        stop.request()
        if not finished.wait(SECONDS_TO_STOP):
            give_up()
