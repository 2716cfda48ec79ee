"""Whether memory ran out: libraries fail in many ways then, or wait for ever for threads that they could not start."""

from __future__ import annotations

import errno
import re
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liver_mre.errors import MemoryShortageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNS: Final = (
    "bad_alloc",
    "Cannot allocate memory",
    "cannot allocate memory",
    "can't start new thread",
    "Resource temporarily unavailable",
    "failed to map segment from shared object",
)
"""What the C library, the loader, C++, OpenVINO and Python say where memory, or room for a thread, is missing."""
_NEARLY_ALL: Final = 0.9
"""Share of the address space; ours: stacks of threads and libraries are mapped in pieces of up to a tenth of it."""
_STATUS: Final = Path("/proc/self/status")


def require_address_space(needed_bytes: int) -> None:
    """Refuse to begin where the limit of this process (`ulimit -v`) is below what is needed.

    Raises
    ------
    MemoryShortageError
        It is.
    """
    limit = _limit_bytes()
    if limit is not None and limit < needed_bytes:
        raise MemoryShortageError


def memory_ran_out(error: BaseException) -> bool:
    """Tell whether an exception, or what led to it, comes from a lack of memory.

    Some libraries say nothing of memory: an error of theirs counts where the address space has been used up.
    """
    return any(_says_so(one) for one in _chain(error))


def _says_so(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    if not isinstance(error, OSError | ImportError | RuntimeError):
        return False
    return any(sign in str(error) for sign in _SIGNS) or _is_used_up()


def _is_used_up() -> bool:
    limit = _limit_bytes()
    if limit is None:
        return False
    try:
        found = re.search(r"^VmPeak:\s*(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, ValueError):
        return False
    return found is not None and int(found[1]) * 1024 > _NEARLY_ALL * limit


def _limit_bytes() -> int | None:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
