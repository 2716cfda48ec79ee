"""A table of texts, and how numbers become texts."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.reporting import clinical

if TYPE_CHECKING:
    from pathlib import Path

    from training.reporting.statistics import Estimate

DASH = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: cells are texts; the clinical column, where there is one, is the last."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    @property
    def clinical(self) -> bool:
        """Whether the last column is clinical and not of this cohort."""
        return self.columns[-1].startswith(clinical.COLUMN)

    def write(self, folder: Path) -> None:
        """Write the table as CSV."""
        with (folder / f"{self.name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(self.columns)
            writer.writerows(self.rows)


def number(value: float, digits: int = 3) -> str:
    """Write a number; a dash where there is none."""
    return f"{value:.{digits}f}" if math.isfinite(value) else DASH


def interval(estimate: Estimate, digits: int = 3) -> str:
    """Write an estimate with its 95 % confidence interval, where it has one."""
    if not math.isfinite(estimate.low):
        return number(estimate.value, digits)
    return f"{number(estimate.value, digits)} ({number(estimate.low, digits)} to {number(estimate.high, digits)})"


def significance(p: float) -> str:
    """Write a p value."""
    return DASH if not math.isfinite(p) else "<0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004 - as usual


def percent(share: float) -> str:
    """Write a share in percent."""
    return f"{100 * share:.0f} %" if math.isfinite(share) else DASH
