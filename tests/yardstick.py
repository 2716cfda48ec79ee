"""How fast this machine is, beside the one of docs/performance.md: a promise in seconds is made for that one."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from typing import Final

REFERENCE_S: Final = 1.9
"""Processor time that `WORK` takes there: the least of ten."""
WORK: Final = """
import scipy.stats, pydicom, PIL.Image, numpy as np
image = np.random.default_rng(0).random((900, 900))
for _ in range(6):
    image = np.fft.fft2(image @ image.T / 900).real
"""
"""What an exam's time is made of, imports and arithmetic; nothing of the application."""
TRIES: Final = 3


@cache
def slowness() -> float:
    """Return how many times the processor time this machine takes, at least 1: a fast one is held to the promise."""
    return max(1.0, min(_processor_s() for _ in range(TRIES)) / REFERENCE_S)


def _processor_s() -> float:
    process = subprocess.Popen([sys.executable, "-c", WORK])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    print([round(_processor_s(), 3) for _ in range(10)])  # noqa: T201 - to find `REFERENCE_S`
