"""Encodings: how different scanners write the same simulated exam as DICOM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulation.encodings import siemens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.encodings.common import StudyWriter

ENCODINGS: Final[Mapping[str, StudyWriter]] = {"siemens-gre": siemens.write_study}
"""Every encoding by its name on the command line. A new scanner is one module and one line here."""
