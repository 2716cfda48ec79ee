"""A request to stop the run, shared by those who make it and those who run."""

from __future__ import annotations

import threading


class Stop:
    """Whether the run has been asked to stop, and whether its end has been reported."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._reported = threading.Lock()

    def request(self) -> None:
        """Ask the run to stop: steps that have not begun are skipped, and no study is published."""
        self._requested.set()

    @property
    def requested(self) -> bool:
        """Whether the run has been asked to stop."""
        return self._requested.is_set()

    def first_to_report(self) -> bool:
        """Return True to the first caller only, who then reports how the run ended."""
        return self._reported.acquire(blocking=False)
