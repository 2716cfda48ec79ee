"""The evaluation report: one self-contained HTML file."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.reporting.table import Table

_TEMPLATES = Path(__file__).parent / "templates"
_COHORT_WORDS = {"simulated": "Simulated cohort.", "own": "A site's own cohort."}


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG and its alternative text."""

    alt: str
    png: bytes

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True, slots=True)
class Section:
    """A table, pictures, or both under a heading."""

    title: str
    table: Table | None = None
    images: tuple[Image, ...] = ()


def render(title: str, facts: Mapping[str, str], sections: Sequence[Section], origins: Sequence[str]) -> str:
    """Return the page as HTML; `facts` stand below the heading, `origins` are those of the exams."""
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    mixed = "Simulated exams and a site's own together."
    return environment.get_template("report.html").render(
        title=title,
        facts=facts,
        sections=sections,
        simulated="simulated" in origins,
        cohort_words=_COHORT_WORDS[origins[0]] if len(origins) == 1 else mixed,
    )
