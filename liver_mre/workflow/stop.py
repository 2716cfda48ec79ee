"""Whether a run has been asked to stop, and who has the last word about how it ended."""

from __future__ import annotations

import threading


class Stop:
    """Shared by whoever asks a run to stop and by those who run it."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._last_word = threading.Lock()

    def ask(self) -> None:
        """Ask the run to stop: steps that have not begun are left out, and no study is published."""
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether the run has been asked to stop."""
        return self._asked.is_set()

    def take_last_word(self) -> bool:
        """Return True to the first caller, who reports how the run ended, and False to every later one."""
        return self._last_word.acquire(blocking=False)
