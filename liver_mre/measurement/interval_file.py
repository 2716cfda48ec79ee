"""The calibrations of the 95 % interval, from their data file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from liver_mre.errors import SettingsError
from liver_mre.measurement.interval import Calibration
from liver_mre.studies.typed_json import Fields

_SHIPPED: Final = Path(__file__).resolve().parents[1] / "data" / "interval.json"


def load_calibrations(path: Path = _SHIPPED) -> tuple[Calibration, ...]:
    """Read calibrations as `liver-mre interval-study` writes them: of one network, one for each input that it has.

    Raises
    ------
    SettingsError
        If the file is missing, or holds anything else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"The calibration {path.name} cannot be read ({type(error).__name__}). Reinstall the application."
        raise SettingsError(message) from error
    fields = Fields(content, f"calibration {path.name}", SettingsError)
    found = tuple(_calibration(part) for part in fields.parts("calibrations"))
    fields.finish()
    if not found or len({one.model for one in found}) > 1 or len({one.channels for one in found}) < len(found):
        fields.refuse("needs calibrations of one network, one for each input")
    return found


def _calibration(fields: Fields) -> Calibration:
    found = Calibration(
        name=fields.text("name"),
        correlation_cm2=fields.number("correlation_cm2"),
        segmentation_weight=fields.number("segmentation_weight"),
        residual=fields.number("residual"),
        bands_kpa=fields.numbers("bands_kpa"),
        scales=fields.numbers("scales"),
        model=fields.text("model"),
        channels=fields.texts("channels"),
        provenance=fields.text("provenance"),
    )
    fields.finish()
    numbers = (found.correlation_cm2, found.segmentation_weight, found.residual, *found.scales)
    if not found.bands_kpa or found.bands_kpa[0] != 0.0 or list(found.bands_kpa) != sorted(set(found.bands_kpa)):
        fields.refuse("needs ascending 'bands_kpa' that begin at 0")
    if len(found.scales) != len(found.bands_kpa):
        fields.refuse("needs as many 'scales' as 'bands_kpa'")
    if min(numbers) < 0.0 or found.correlation_cm2 == 0.0:
        fields.refuse("needs numbers that are not negative")
    return found
