"""A request to stop the run, shared by those who make it and those who run."""

from __future__ import annotations

import threading


class Stop:
    """Whether the run has been asked to stop."""

    def __init__(self) -> None:
        self._requested = threading.Event()

    def request(self) -> None:
        """Ask the run to stop: steps that have not begun are skipped, and no further study is published."""
        self._requested.set()

    @property
    def requested(self) -> bool:
        """Whether the run has been asked to stop."""
        return self._requested.is_set()
