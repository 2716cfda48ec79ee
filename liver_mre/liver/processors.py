"""How many processors this process may use: those it is bound to, less where a container has a quota of time.

`os.cpu_count` and the libraries for inference count the processors of the machine: in a container with two of 64 they
would start 64 threads that take turns.
"""

from __future__ import annotations

import math
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

CGROUPS: Final = Path("/sys/fs/cgroup")
OWN_CGROUPS: Final = Path("/proc/self/cgroup")


def usable_processors(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """Return how many processors this process may use: at least 1.

    Parameters
    ----------
    cgroups : where the control groups of version 1 or 2 are mounted
    own : file that names the control groups of this process
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([bound, *(math.ceil(quota) for quota in _quotas(cgroups, own))]))


def _quotas(cgroups: Path, own: Path) -> Iterator[float]:
    """Yield every quota of processor time that applies, in processors: each group around this one may have one.

    `own` has lines such as "0::/a/b" (version 2) and "4:cpu,cpuacct:/a/b" (version 1). In a container the mounted tree
    may begin at the container's own group, so that its path is found from the root of the tree, too.
    """
    for line in _text(own).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        inside = PurePosixPath(group.lstrip("/"))
        if controllers and "cpu" not in controllers.split(","):
            continue
        for part in (inside, *inside.parents):
            if not controllers:
                yield from _quota(_text(cgroups / part / "cpu.max"))
            for name in (controllers, "cpu") if controllers else ():
                folder = cgroups / name / part
                yield from _quota(f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}")


def _quota(text: str) -> Iterator[float]:
    """Yield the quota in "time period" (both in microseconds), unless there is none: "max", -1 or no such file."""
    try:
        time, period = map(float, text.split())
    except ValueError:
        return
    if time > 0.0 and period > 0.0:
        yield time / period


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
