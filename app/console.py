"""What people read: tables and sentences on stdout. No text of a file, a header or an option can steer a terminal."""

from __future__ import annotations

import logging
import sys
import unicodedata
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console
    from rich.text import Text

log = logging.getLogger(__name__)

WIDTH_WITHOUT_TERMINAL = 120


def visible(text: str) -> str:
    r"""Return text on one line, without what steers a terminal or turns reading around, which is shown as its code.

    Control characters (ESC among them), line ends, marks of writing direction, other characters without a shape and
    bytes that are no text become `\x1b`, `\n`, `\u202e` and so on.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or unicodedata.category(one) == "Zs" else ascii(one)[1:-1] for one in text)


def make_console(*, stderr: bool = False) -> Console:
    """Return a console on stdout or stderr: as wide as the terminal, or of a fixed width without one.

    Every string that is printed, also as a cell or a title, is shown as it stands: it is never markup, and goes through
    `visible`. What is to have a colour or several lines is given as `coloured` or `stacked`.
    """
    from rich.console import Console
    from rich.text import Text

    class PlainConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401  (as Rich declares it)
            kept = {name: options[name] for name in ("style", "justify", "overflow") if name in options}
            return Text(visible(text), **kept)

        def on_broken_pipe(self) -> None:
            self.quiet = True  # nobody reads on; Rich would end the program with exit code 1

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_WITHOUT_TERMINAL
    return PlainConsole(width=width, highlight=False, stderr=stderr)


def coloured(*words: tuple[str, str]) -> Text:
    """Return words, each with its style ("" for none), for a console."""
    from rich.text import Text

    return Text.assemble(*((visible(word), style) for word, style in words))


def stacked(lines: Iterable[str]) -> Text:
    """Return lines one below the other, for a console."""
    from rich.text import Text

    return Text("\n".join(visible(line) for line in lines))


@contextmanager
def reporting() -> Iterator[None]:
    """Show a result within this context: whatever goes wrong is logged, and changes neither result nor exit code."""
    try:
        yield
    except Exception as error:
        with suppress(Exception):
            log.warning("The result could not be shown (%s).", type(error).__name__)
            log.debug("showing the result failed", exc_info=True)
