"""What the header of an image in a mutated study tells of its scale and place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fuzz.elements import tag
from tests.fuzz.study import MutableStudy, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fuzz.bases import Slot

EXACT: Final = 1e-4
NO_OFFSET: Final = 0.002
"""kPa or Pa: changes no stiffness by half a hundredth."""
_UNITS: Final = {b"kPa": 1.0, b"Pa": 0.001}


def ratio(study: MutableStudy, slot: Slot, keywords: Sequence[str]) -> float | None:
    """Return how much larger an image's scale is than in the base, by every place; None if places differ."""
    unmutated = MutableStudy(study.base)
    found = []
    for keyword in keywords:
        before, after = values_of(unmutated, slot, keyword), values_of(study, slot, keyword)
        if before is None and after is None:
            continue
        if before is None or after is None or len(before) != 1 or len(after) != 1:
            return None
        units = (_unit(study, slot) / _unit(unmutated, slot)) if keyword.startswith("Rescale") else 1.0
        if before[0] == 0.0:
            found.append(1.0 if abs(after[0]) < NO_OFFSET else float("inf"))
        else:
            found.append(after[0] / before[0] * units)
    if not found or max(found) - min(found) > EXACT:
        return None if found else 1.0
    return round(found[0], 6)


def _unit(study: MutableStudy, slot: Slot) -> float:
    found = study.find(slot, tag("RescaleType"))
    return _UNITS.get(found[1].value.strip(b" \0"), 1.0) if found else 1.0


def values_of(study: MutableStudy, slot: Slot, keyword: str) -> list[float] | None:
    """Return the numbers of an image's element; None if it has none."""
    found = study.find(slot, tag(keyword))
    return None if found is None else numbers(found[1])


def position_of(study: MutableStudy, slot: Slot) -> tuple[float, ...] | None:
    """Return where an image lies; None where its header does not tell."""
    found = values_of(study, slot, "ImagePositionPatient")
    return None if found is None or found == [0.0, 0.0, 0.0] else tuple(found)
