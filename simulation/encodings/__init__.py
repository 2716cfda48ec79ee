"""Encodings: how different scanners write the same simulated exam as DICOM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulation.encodings import ge, philips, resoundant, siemens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.encodings.encoding import Encoding

ENCODINGS: Final[Mapping[str, Encoding]] = {
    encoding.name: encoding for module in (siemens, ge, philips, resoundant) for encoding in module.ENCODINGS
}
"""Every encoding by its name on the command line. A new scanner is one module and one entry here."""
