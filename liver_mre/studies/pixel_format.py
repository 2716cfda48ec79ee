"""Whether pixels can be decoded to the values that the scanner stored, as far as the header tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydicom.pixels import get_decoder
from pydicom.uid import UID

from liver_mre.errors import InvalidInputError, LossyPixelsError, MreError

if TYPE_CHECKING:
    from liver_mre.studies.study import Instance

MAX_BITS: Final = 16


def undecodable(image: Instance) -> MreError | None:
    """Return why the pixels of an image cannot be decoded to what was stored; None if its header allows it.

    The decoder has the last word: it sees the pixels.
    """
    if image.lossy:
        return LossyPixelsError()
    why = _contradiction(image)
    if image.missing_pixel_elements:
        why = f"{' and '.join(image.missing_pixel_elements)} is missing or unreadable"
    elif image.transfer_syntax and not _has_decoder(image.transfer_syntax):
        why = f"their transfer syntax ({_named(image.transfer_syntax)}) cannot be decoded"
    if not why:
        return None
    return InvalidInputError(
        f"The pixels of the series to measure cannot be read: {why}. Nothing was measured; send the series again."
    )


def _contradiction(image: Instance) -> str:
    """Return what is impossible about the bits of the pixels, as a clause; "" if nothing is."""
    allocated, stored, highest = image.bits_allocated, image.bits_stored, image.high_bit
    if allocated is not None and allocated > MAX_BITS:
        return f"BitsAllocated is {allocated}, and no scanner is known to store more than {MAX_BITS} bits"
    if stored is not None and highest is not None and highest != stored - 1:
        return f"BitsStored {stored} and HighBit {highest} contradict each other"
    if stored is not None and allocated is not None and stored > allocated:
        return f"BitsStored {stored} and BitsAllocated {allocated} contradict each other"
    return ""


def _has_decoder(transfer_syntax: str) -> bool:
    try:
        return get_decoder(UID(transfer_syntax)).is_available
    except NotImplementedError:
        return False


def _named(transfer_syntax: str) -> str:
    """Return the name of a transfer syntax, or its UID; foreign text is not repeated."""
    uid = UID(transfer_syntax)
    return uid.name if uid.is_valid else "no valid UID"
