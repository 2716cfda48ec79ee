"""From the words of a frame to stored values: bits above BitsStored must be explained, or nothing is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.studies.pixel_format import PixelFormat


class UnusedBitsError(Exception):
    """Pixels do not fit into BitsStored; the message is a clause."""


@dataclass(frozen=True, slots=True)
class Words:
    """One frame before BitsStored is applied.

    Attributes
    ----------
    values : (R, C) uint8 or uint16, or int16 where a codestream says that it is signed
    bits : bits of each word: BitsAllocated, or the precision of the codestream
    compressed : True if the words come from a codestream
    """

    values: NDArray[np.integer]
    bits: int
    compressed: bool = False


def stored_values(words: Words, header: PixelFormat, *, overlay_bits: int = 0) -> NDArray[np.integer]:
    """Return stored values (R, C), with the sign extended where they are signed.

    Bits above BitsStored may extend the sign, or hold overlay planes that the header names. Anything else means that
    BitsStored is wrong: cutting them off would make a stiff liver soft.

    Parameters
    ----------
    overlay_bits : the bits in which the header names an overlay plane

    Raises
    ------
    UnusedBitsError
        They are something else, or the sign of the words is not known.
    """
    if words.values.dtype.kind == "i":
        return _of_signed_words(words, header)
    bits, size = header.bits_stored, words.values.dtype.itemsize
    if header.signed and words.bits < bits and np.any(words.values >> (words.bits - 1) & 1):
        msg = (
            f"the codestream has {words.bits} bits a pixel and no sign, but BitsStored says {bits} with a sign, so it "
            "is not known which values are negative"
        )
        raise UnusedBitsError(msg)
    unused = 8 * size - bits
    if unused < 0:
        return words.values
    if unused > 0:
        _check_unused(words, header, ~(overlay_bits >> bits))
    used: NDArray[np.integer] = words.values << unused
    return (used.view(f"i{size}") if header.signed else used) >> unused


def _of_signed_words(words: Words, header: PixelFormat) -> NDArray[np.integer]:
    """Return the values of a codestream that says that they are signed."""
    low, high = (-1 << (header.bits_stored - 1), (1 << (header.bits_stored - 1)) - 1) if header.signed else (0, 1 << 15)
    if words.values.min() < low or words.values.max() > min(high, (1 << header.bits_stored) - 1):
        sign = "signed" if header.signed else "unsigned"
        msg = (
            f"the codestream has {words.bits} bits a pixel with a sign, and values that the {header.bits_stored} "
            f"{sign} bits of BitsStored and PixelRepresentation cannot hold"
        )
        raise UnusedBitsError(msg)
    return words.values


def _check_unused(words: Words, header: PixelFormat, explained: int) -> None:
    """Refuse bits above BitsStored but those that are explained (0 in the mask) and those that extend the sign."""
    bits = header.bits_stored
    mask = explained & ((1 << (8 * words.values.dtype.itemsize - bits)) - 1)
    above = words.values >> bits & mask
    if not above.any():
        return
    if header.signed:
        # The sign may be extended over the whole word, or over the bits of the codestream.
        ends = [mask, mask & ((1 << max(0, words.bits - bits)) - 1)]
        negative = (words.values >> (bits - 1) & 1).astype(np.bool_)
        above = np.where(negative & np.isin(above, ends), 0, above)
    if above.any():
        source = f"the codestream has {words.bits} bits a pixel and" if words.compressed else "they have"
        msg = f"{source} values above the {bits} bits that BitsStored says, which no overlay explains"
        raise UnusedBitsError(msg)
