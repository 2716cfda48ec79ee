"""Tables of text cells, and how numbers are formatted in them."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.reporting import clinical

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from training.reporting.statistics import Estimate

DASH = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text cells; clinical results, where there are any, are the last column."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    @property
    def clinical(self) -> bool:
        """True if the last column holds published clinical results."""
        return self.columns[-1].startswith(clinical.COLUMN)

    def write(self, folder: Path) -> None:
        """Write the table as `<name>.csv`."""
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{self.name}.csv").open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows((self.columns, *self.rows))

    @property
    def markdown(self) -> str:
        """The table as Markdown, below its title."""
        return f"**{self.title}**\n\n{markdown(self.columns, self.rows)}"


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of text cells as Markdown."""
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def write_markdown(path: Path, tables: Iterable[Table]) -> None:
    """Write tables as Markdown, each below its title."""
    path.write_text("\n\n".join(table.markdown for table in tables) + "\n", encoding="utf-8")


def number(value: float, digits: int = 3) -> str:
    """Format a number; NaN and infinity become a dash."""
    return f"{value:.{digits}f}" if math.isfinite(value) else DASH


def span(low: float, high: float, digits: int = 3) -> str:
    """Format limits as "low to high"."""
    return f"{number(low, digits)} to {number(high, digits)}"


def interval(estimate: Estimate, digits: int = 3) -> str:
    """Format an estimate with its 95 % confidence interval, if it has one."""
    value = number(estimate.value, digits)
    return f"{value} ({span(estimate.low, estimate.high, digits)})" if math.isfinite(estimate.low) else value


def significance(p: float) -> str:
    """Format a p value."""
    return DASH if not math.isfinite(p) else "<0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004 - as usual


def percent(share: float) -> str:
    """Format a share as a whole percentage."""
    return f"{100 * share:.0f} %" if math.isfinite(share) else DASH
