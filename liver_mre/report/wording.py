"""Sentences that every result carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from liver_mre.report.content import ReportContent

INTENDED_USE: Final = "AI-generated. Research use only - not for clinical use."
SIMULATED: Final = "Simulated images, no patient."

_SIMULATION_WORDS = ("ImageComments", "Manufacturer", "ManufacturerModelName", "SeriesDescription")


def is_simulated(content: ReportContent) -> bool:
    """Tell whether the source images say that they were made by a simulation.

    They say so by SyntheticData (0008,001C), or in words in their comments, equipment or series description.
    Results say it in words only: validators of 2022 report the attribute, which is younger, as an error.
    """
    header = content.sources[0]
    words = " ".join(str(header.get(keyword, "")) for keyword in _SIMULATION_WORDS).lower()
    return header.get("SyntheticData") == "YES" or "simulat" in words


def disclosure(content: ReportContent) -> str:
    """Return the sentence that every result carries: intended use, and that images are simulated if they are."""
    return f"{INTENDED_USE} {SIMULATED}" if is_simulated(content) else INTENDED_USE
