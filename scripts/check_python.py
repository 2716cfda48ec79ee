"""Say in one sentence, before anything is installed, why this Python or this machine cannot run the application.

Written for any Python 3, however old, and the standard library alone.
"""

import os
import platform
import sys

OLDEST = (3, 11)
NEWEST = (3, 13)
GLIBC = (2, 35)  # of Holoscan's wheel, manylinux_2_35_x86_64; the other wheels need less

PYTHON_WORDS = (
    "Python {}.{} is not supported: install 3.11, 3.12 or 3.13, or say which with make PYTHON=/path/to/python3.12."
)
INTERPRETER_WORDS = "{} is not supported: the packages are built for CPython 3.11, 3.12 or 3.13."
SYSTEM_WORDS = "{} on {} is not supported: NVIDIA Holoscan's package needs Linux on x86-64."
GLIBC_WORDS = "{} is not supported: NVIDIA Holoscan's package needs glibc 2.35 or later (Ubuntu 22.04, Debian 12)."


def complaint(version, interpreter, system, machine, libc):  # noqa: ANN001, ANN201
    """Return the sentence, or nothing where all is well.

    `version` begins with major and minor; `libc` is the name and version of the C library, as `confstr` has it.
    """
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        return PYTHON_WORDS.format(*version[:2])
    if interpreter != "CPython":
        return INTERPRETER_WORDS.format(interpreter)
    if (system, machine) != ("Linux", "x86_64"):
        return SYSTEM_WORDS.format(system, machine)
    name, _, number = libc.partition(" ")
    if name != "glibc" or tuple(int(part) for part in number.split(".")[:2]) < GLIBC:
        return GLIBC_WORDS.format(libc or "A C library other than glibc")
    return ""


def c_library():  # noqa: ANN201
    """Return name and version of the C library, empty where it does not say (musl)."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return ""


def here():  # noqa: ANN201
    """Return what `complaint` asks of this interpreter and machine."""
    return sys.version_info, platform.python_implementation(), platform.system(), platform.machine(), c_library()


if __name__ == "__main__":
    sys.exit(complaint(*here()) or 0)
