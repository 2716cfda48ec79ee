"""Sentences that every result carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from liver_mre.report.content import ReportContent

INTENDED_USE: Final = "AI-generated. Research use only - not for clinical use."
SIMULATED: Final = "Simulated images, no patient."

SIMULATION_MARKER: Final = "SIMULATED DATA, no patient. Research use only."
"""ImageComments of every image that the project's simulation writes."""


def is_simulated(content: ReportContent) -> bool:
    """Tell whether the source images say that they were made by a simulation.

    They say so by SyntheticData (0008,001C) or by the exact comment of this project's simulation. Words elsewhere
    prove nothing: "MR Simulation" is a common name of a series that plans a real patient's radiotherapy.
    Results say it in words only: validators of 2022 report the attribute, which is younger, as an error.
    """
    header = content.sources[0]
    return header.get("SyntheticData") == "YES" or str(header.get("ImageComments", "")).strip() == SIMULATION_MARKER


def disclosure(content: ReportContent) -> str:
    """Return the sentence that every result carries: intended use, and that images are simulated if they are."""
    return f"{INTENDED_USE} {SIMULATED}" if is_simulated(content) else INTENDED_USE


def unit_remark(content: ReportContent) -> str:
    """Return the sentence that every result carries when the user set the unit; "" when the images gave it."""
    unit = content.unit
    return f"Unit set by the user: {unit.kpa_per_count:g} kPa a count." if unit.source == "override" else ""


def remarks(content: ReportContent) -> str:
    """Return all sentences that a result carries about itself."""
    return " ".join(filter(None, (disclosure(content), unit_remark(content))))
