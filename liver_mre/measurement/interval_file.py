"""Calibrations of the 95 % interval from their data file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from liver_mre.errors import SettingsError
from liver_mre.measurement.interval import Calibration
from liver_mre.studies.typed_json import Fields, read_json

_SHIPPED: Final = Path(__file__).resolve().parents[1] / "data" / "interval.json"


def load_calibrations(path: Path = _SHIPPED) -> tuple[Calibration, ...]:
    """Read the calibrations of one network, one for each of its inputs, as `liver-mre interval-study` writes them.

    Raises
    ------
    SettingsError
        The file cannot be read or is not valid.
    """
    where = f"calibration {path.name}"
    fields = Fields(read_json(path, where, SettingsError, advice="Reinstall the application."), where, SettingsError)
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
        fields.refuse("must not have negative numbers, and needs a 'correlation_cm2' above 0")
    return found
