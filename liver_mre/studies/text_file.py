"""Small text files that a site provides: settings, rules, profiles, cards. Anything else is refused unread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.studies.regular_file import open_regular

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 4 * 1024 * 1024
"""Ours: forty times the largest file that is shipped; parsing it takes a tenth of a second."""


def read_text_file(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Return the text of a regular file in UTF-8, with or without a byte order mark.

    Raises
    ------
    OSError
        It cannot be read, is no regular file, or is too large to be what it should.
    ValueError
        It is not text in UTF-8, or the path holds a zero byte.
    """
    with open_regular(path) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        message = "too large"
        raise FileTooLargeError(message)
    return content.decode("utf-8-sig")


class FileTooLargeError(OSError):
    """A file is larger than any of its kind."""


def shown(value: object, most: int = 60) -> str:
    """Return a value of a file as a message quotes it: on one line, and not longer than is of use."""
    if isinstance(value, list | tuple | set | frozenset | dict):
        return f"a {type(value).__name__} of {len(value)}"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= most else f"{text[:most]}..."
