"""The frequencies of a driver that a name states, in Hz: "60Hz", "40-60 Hz", "80 hertz", "0.06 kHz", "Hz 60"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

PLAUSIBLE_DRIVER_HZ: Final = (10.0, 200.0)
"""Ours: frequencies at which tissue is vibrated; others are bandwidths."""
_HZ: Final = (
    *("hertz", "herz", "hercio", "hercow", "herc", "h[ _]?z", "cps", "c/s", "cycles?/s"),
    *("герц", "гц", "ヘルツ", "赫兹", "赫茲", "赫", "헤르츠"),
)
_KILO: Final = ("kilo", "k", "кило", "к", "キロ", "千", "킬로")
_NUMBER: Final = r"\d+(?:[.,]\d+)?"
_FOLDED: Final = tuple("|".join(unicodedata.normalize("NFKD", word) for word in words) for words in (_KILO, _HZ))
_UNIT: Final = rf"(?:{_FOLDED[0]})?[ _-]?(?:{_FOLDED[1]})"
_PIXEL: Final = r"(?:p?px|p?pix|pt\b|пикс|画素|像素)"
_NO_BANDWIDTH: Final = rf"(?![\W_]*{_PIXEL}|\s*/\s*(?:p\b|vox|bin)|[\W_]*(?:per|pro|par|por)[\W_]*(?:{_PIXEL}|p[ou]))"
_BETWEEN: Final = r"(?:[\s_+,;/&-]{1,3}|\s?(?:and|und|et|or|oder|to|bis|vs)\s)"
_STATED: Final = re.compile(
    # A number that follows a letter, or TE and TR, is no part of a list: "TE60_80Hz".
    rf"(?P<list>(?:(?<![^\W_])(?<!t[er][ _=])(?:{_NUMBER}{_BETWEEN})+)?{_NUMBER})[\s_\-.·=(\[]{{0,3}}"
    rf"(?P<unit>{_UNIT}){_NO_BANDWIDTH}"
    rf"|(?<![^\W_])(?P<unit_before>{_UNIT})[\s_\-:=)\]]{{0,3}}(?P<after>{_NUMBER})(?![\d.,]*[\s_]?[a-z%])"
)
_EACH: Final = re.compile(_NUMBER)
_KILO_BEFORE: Final = re.compile(f"(?:{_FOLDED[0]})")
_FILTER: Final = (
    r"(?:r?bw|band ?width|bandbreite|bande passante|mains|notch|netz[a-z]*|(?:low|high|band|tief|hoch)[ _-]?pass[a-z]*)"
)
_OTHER_BEFORE: Final = re.compile(rf"(?<![a-z]){_FILTER}(?: ?filter)?[\s_:=-]*$")
_OTHER_AFTER: Final = re.compile(rf"[\s_(-]*{_FILTER}(?![a-z])(?: ?filter)?(?![\W_]*\d)")
"""Words beside a frequency that is that of a filter or a bandwidth. "Filter" alone is none: waves are filtered."""


@dataclass(frozen=True, slots=True)
class StatedFrequencies:
    """Plausible frequencies of a driver in a text.

    Attributes
    ----------
    drivers : in Hz
    others : those that a word beside them gives to a filter or a bandwidth, in Hz
    """

    drivers: tuple[float, ...]
    others: tuple[float, ...]


def stated_frequencies(folded: str) -> StatedFrequencies:
    """Find the frequencies that a text states, folded as by `header_conditions.fold`."""
    drivers: list[float] = []
    others: list[float] = []
    least, most = PLAUSIBLE_DRIVER_HZ
    for match in _STATED.finditer(folded):
        scale = 1000.0 if _KILO_BEFORE.match(match["unit"] or match["unit_before"]) else 1.0
        numbers = _EACH.findall(match["list"] or match["after"])
        stated = [hz for number in numbers if least <= (hz := scale * float(number.replace(",", "."))) <= most]
        other = _OTHER_BEFORE.search(folded[: match.start()]) or _OTHER_AFTER.match(folded, match.end())
        (others if other else drivers).extend(stated)
    return StatedFrequencies(tuple(drivers), tuple(others))
