"""The report of an evaluation: one HTML file that needs no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.segmentation.figures import as_uri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.reporting.table import Table

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Image:
    """A picture and what it shows, for whoever cannot see it."""

    alt: str
    png: bytes

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return as_uri(self.png)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: a table, pictures, or both."""

    title: str
    table: Table | None = None
    images: tuple[Image, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns; none without a table."""
        return self.table.columns if self.table else ()

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The table's rows."""
        return self.table.rows if self.table else ()

    @property
    def clinical(self) -> bool:
        """Whether the last column is clinical."""
        return self.table is not None and self.table.clinical

    @property
    def note(self) -> str:
        """What to know about the table."""
        return self.table.note if self.table else ""


def render(title: str, facts: Mapping[str, str], sections: Sequence[Section], origins: Sequence[str]) -> str:
    """Return the page.

    Parameters
    ----------
    title : heading
    facts : what was evaluated on what
    sections : tables and pictures
    origins : where the exams are from: "simulated", "own" or both
    """
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    words = {("simulated",): "Simulated cohort.", ("own",): "A site's own cohort."}
    return environment.get_template("report.html").render(
        title=title,
        facts=facts,
        sections=sections,
        simulated="simulated" in origins,
        cohort_words=words.get(tuple(origins), "Simulated exams and a site's own together."),
    )
