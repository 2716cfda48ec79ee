"""Whether other programs keep the machine busy: then a time tells nothing about this one."""

from __future__ import annotations

import os
import time
from pathlib import Path

BUSY_SHARE = 0.1
"""Of the cores, used by other programs."""


class Watch:
    """Started when it is made; asked at the end of a piece of work."""

    def __init__(self) -> None:
        self._start, self._busy, self._own = time.perf_counter(), busy_seconds(), time.process_time()

    def undisturbed(self, children_s: float = 0.0) -> bool:
        """Tell whether other programs left the cores alone since; `children_s` is the CPU time of own processes."""
        own = time.process_time() - self._own + children_s
        others = busy_seconds() - self._busy - own
        return others <= BUSY_SHARE * (os.cpu_count() or 1) * (time.perf_counter() - self._start)


def busy_seconds() -> float:
    """Return the CPU time that all programs of this machine, and others on its host, have used."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal = (int(field) for field in fields[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
