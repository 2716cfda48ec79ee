"""Why an acquisition that was processed completely is not evaluable: the reasons, and where each is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.measurement.region import confident_liver
from liver_mre.quality.verdict import CAUSE_WORDS, OUT_OF_DOMAIN_HINT
from liver_mre.stiffness.magnitude_headers import unusable_by_headers
from liver_mre.workflow.outcome import Reason

if TYPE_CHECKING:
    from liver_mre.measurement.measure import StiffnessMeasurement
    from liver_mre.method.stages import Judged, Selected
    from liver_mre.quality.verdict import AcquisitionQuality
    from liver_mre.settings import Settings

NO_LIVER: Final = Reason(
    "no_liver", "No liver was found in the elastogram, so nothing was measured. Check the images and the driver."
)
NO_CONFIDENT_LIVER: Final = Reason(
    "no_confident_liver",
    "No pixel of the liver reaches the confidence threshold, so nothing was measured. "
    "Check the driver, the breath-hold and liver iron, and repeat the acquisition.",
)
_AREA_TOO_SMALL: Final = (
    "Confidence and the region rules leave only {:.1f} cm2 of the liver, and at least {:g} cm2 are needed, so nothing "
    "was measured. Check the driver, the breath-hold and liver iron, and repeat the acquisition."
)
_OUT_OF_DOMAIN: Final = "This does not look like an axial elastogram of a liver, so nothing was measured. Unusual: {}. "
_NO_USABLE_MAGNITUDE: Final = (
    "No usable magnitude image of these slices. Without one it is hard to tell whether they show a liver: "
)
_OR_ALLOW: Final = ", or look at the images and set require_magnitude to false."
CHECK_IMAGES: Final = _NO_USABLE_MAGNITUDE + "look at the images before you use the number."
NO_MAGNITUDE: Final = Reason(
    "no_magnitude",
    _NO_USABLE_MAGNITUDE
    + "nothing was measured. Send the magnitude series with the study (if it was sent, a note says why it cannot be "
    "used)" + _OR_ALLOW,
)
_MAGNITUDE_MISSING: Final = (
    "No magnitude series certainly belongs to these slices (if one was sent, a note says why it does not), so the "
    "acquisition is not evaluable: send it with the study" + _OR_ALLOW
)
_NOT_DIAGNOSTIC: Final = "No slice is diagnostic, so nothing was measured. Likely cause: {}. {}"


def missing_magnitude(selected: Selected, settings: Settings) -> Reason | None:
    """Return the reason if a magnitude is required and the study has none for this acquisition; None otherwise."""
    required = settings.quality_control and settings.require_magnitude
    if not required or selected.acquisition.magnitude is not None:
        return None
    return Reason("no_magnitude", f"{selected.acquisition.elsewhere} {_MAGNITUDE_MISSING}".strip())


def foreseen(selected: Selected, settings: Settings) -> tuple[Reason | None, tuple[str, ...]]:
    """Return why an acquisition will not be evaluable as far as headers tell, None if they do not, and further notes.

    A run finds the same when it has read the pixels, with the same reason and notes.
    """
    reason, note = missing_magnitude(selected, settings), unusable_by_headers(selected.acquisition)
    required = settings.quality_control and settings.require_magnitude
    return (NO_MAGNITUDE if note and required else reason), ((note,) if note else ())


def because_of_quality(quality: AcquisitionQuality) -> Reason | None:
    """Return why no slice of an acquisition may be measured; None if one may be."""
    if quality.out_of_domain:
        return Reason(
            "unlike_liver_elastogram", _OUT_OF_DOMAIN.format(", ".join(quality.out_of_domain)) + OUT_OF_DOMAIN_HINT
        )
    if quality.diagnostic:
        return None
    cause = quality.cause
    words = CAUSE_WORDS[cause] if cause else "unknown"
    code = f"not_diagnostic_{cause}" if cause else "not_diagnostic"
    return Reason(code, _NOT_DIAGNOSTIC.format(words, quality.hint).strip())


def because_of_region(judged: Judged, measurement: StiffnessMeasurement | None, min_area_cm2: float) -> Reason | None:
    """Return why the region of an acquisition cannot be measured; None if it can."""
    if not judged.mask.liver.any():
        return NO_LIVER
    if not confident_liver(judged.volume, judged.mask).any():
        return NO_CONFIDENT_LIVER
    area_cm2 = measurement.area_cm2 if measurement else 0.0
    if measurement is None or area_cm2 < min_area_cm2:
        return Reason("area_too_small", _AREA_TOO_SMALL.format(area_cm2, min_area_cm2))
    return None
