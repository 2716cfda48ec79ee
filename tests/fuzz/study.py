"""A study that is being mutated: files as bytes or as trees, and the elements and pixels of each image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tests.fuzz.elements import NUMBER_FORMATS, PIXELS, Element, File, Level, NotPlainError, dump, parse, tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tests.fuzz.bases import Base, Slot

SHARED, PER_FRAME = tag("SharedFunctionalGroupsSequence"), tag("PerFrameFunctionalGroupsSequence")
GROUP_OF: Final = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "FrameType": "MRImageFrameTypeSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
}


class InapplicableError(Exception):
    """A mutation does not fit the study in its present state; it is left out."""


class MutableStudy:
    """A copy of a base; only files that change are copied."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.changed: dict[str, bytes | File | None] = {}

    def names(self) -> list[str]:
        """Return the names of its files."""
        kept = [name for name in self.base.files if self.changed.get(name, b"") is not None]
        return kept + [name for name in self.changed if name not in self.base.files and self.changed[name] is not None]

    def tree(self, name: str) -> File:
        """Return a file's elements; changing them changes the file."""
        found = self.changed.get(name)
        if name in self.changed and found is None:
            raise InapplicableError
        if not isinstance(found, File):
            try:
                found = self.base.tree(name) if found is None else parse(found)
            except (NotPlainError, KeyError) as error:
                raise InapplicableError from error
            self.changed[name] = found
        return found

    def content(self, name: str) -> bytes:
        """Return a file's bytes."""
        found = self.changed.get(name, self.base.files.get(name))
        if found is None:
            raise InapplicableError
        return dump(found) if isinstance(found, File) else found

    def write(self, name: str, content: bytes | None) -> None:
        """Replace a file, or delete it."""
        self.changed[name] = content

    def changes(self) -> dict[str, bytes | None]:
        """Return the files that differ from the base; None for a deleted one."""
        return {name: None if found is None else self.content(name) for name, found in self.changed.items()}

    def slots(self, role: str, places: Iterable[int] | None = None) -> list[Slot]:
        """Return the images of a series, or of every series for the role "*"; `places` chooses some."""
        if role == "*":
            found = [slot for slots in self.base.roles.values() for slot in slots]
        else:
            found = list(self.base.roles.get(role, ()))
        return found if places is None else [found[place] for place in places if place < len(found)]

    def find(self, slot: Slot, wanted: int) -> tuple[Level, Element] | None:
        """Return an element of an image and what holds it, nearest first: its own groups, the shared ones, the top."""
        for level in self._levels(slot):
            for element in level.elements:
                if element.tag == wanted:
                    return level, element
                if element.tag in {SHARED, PER_FRAME}:
                    continue
                for item in element.items or ():
                    for holder, inner in item.walk(wanted):
                        return holder, inner
        return None

    def put(self, slot: Slot, element: Element, keyword: str = "") -> None:
        """Set an element of one image alone, where it stands or where it belongs."""
        own, *others = self._levels(slot)
        for holder, _ in own.walk(element.tag):
            holder.put(element)
            return
        if others and (group := GROUP_OF.get(keyword)) is not None:
            self._own_group(own, others, tag(group)).put(element)
            return
        own.put(element)

    def _own_group(self, own: Level, others: list[Level], group: int) -> Level:
        """Return a functional group of one frame, copied from the shared ones where only they have it."""
        found = own.get(group)
        if found is None or not found.items:
            shared = next((one for level in others if (one := level.get(group)) and one.items), None)
            found = Element(group, "SQ", items=[Level()]) if shared is None else shared.copy()
            own.put(found)
        return (found.items or [])[0]

    def _levels(self, slot: Slot) -> list[Level]:
        top = self.tree(slot.file).dataset
        if slot.frame is None:
            return [top]
        per_frame, shared = top.get(PER_FRAME), top.get(SHARED)
        if per_frame is None or not per_frame.items or len(per_frame.items) <= slot.frame:
            raise InapplicableError
        return [per_frame.items[slot.frame], *((shared.items or []) if shared else []), top]

    def top(self, slot: Slot) -> Level:
        """Return the data set of an image's file."""
        return self.tree(slot.file).dataset

    def number(self, slot: Slot, keyword: str) -> int:
        """Return a whole number of the top level of an image's file."""
        found = self.top(slot).get(tag(keyword))
        values = None if found is None else numbers(found)
        if not values:
            raise InapplicableError
        return int(values[0])

    def pixels(self, slot: Slot) -> NDArray[np.integer]:
        """Return a copy of an image's stored values, (R, C); uncompressed ones alone."""
        element, kind, shape, at, size = self._frame(slot)
        return np.frombuffer(element.value[at : at + size], kind).reshape(shape).copy()

    def set_pixels(self, slot: Slot, stored: NDArray[np.generic]) -> None:
        """Replace an image's stored values, clipped to what its pixels can hold."""
        element, kind, shape, at, size = self._frame(slot)
        limits = np.iinfo(kind)
        fitted = np.clip(np.rint(stored.astype(np.float64)), limits.min, limits.max).astype(kind)
        if fitted.shape != shape:
            raise InapplicableError
        element.value = element.value[:at] + fitted.tobytes() + element.value[at + size :]

    def _frame(self, slot: Slot) -> tuple[Element, np.dtype[np.integer], tuple[int, int], int, int]:
        element = self.top(slot).get(PIXELS)
        allocated, signed = self.number(slot, "BitsAllocated"), self.number(slot, "PixelRepresentation")
        shape = self.number(slot, "Rows"), self.number(slot, "Columns")
        samples = self.number(slot, "SamplesPerPixel")
        size = shape[0] * shape[1] * allocated // 8
        at = (slot.frame or 0) * size
        plain = element is not None and not element.undefined and samples == 1 and allocated in {8, 16}
        if element is None or not plain or len(element.value) < at + size:
            raise InapplicableError
        return element, np.dtype(f"<{'i' if signed else 'u'}{allocated // 8}"), shape, at, size


def numbers(element: Element) -> list[float] | None:
    """Return an element's values as numbers; None where they are none."""
    if element.vr in NUMBER_FORMATS:
        kind = _dtype(element.vr)
        fits = len(element.value) % kind.itemsize == 0
        return [float(value) for value in np.frombuffer(element.value, kind)] if fits else None
    try:
        return [float(part) for part in element.value.decode("ascii").strip(" \0").split("\\")]
    except ValueError:
        return None


def _dtype(vr: str) -> np.dtype[np.generic]:
    return np.dtype(f"<{NUMBER_FORMATS[vr]}")


def encoded(vr: str, values: list[float]) -> bytes:
    """Write numbers in a VR: as text, at most 16 characters each, or as binary numbers where they fit."""
    if vr in NUMBER_FORMATS:
        kind = _dtype(vr)
        if kind.kind != "f":
            limits = np.iinfo(kind)
            return np.array([min(max(round(value), limits.min), limits.max) for value in values], kind).tobytes()
        return np.array(values, kind).tobytes()
    texts = [str(round(value)) if vr == "IS" else _decimal(value) for value in values]
    return even("\\".join(texts).encode())


def _decimal(value: float) -> str:
    text = repr(round(value, 8))
    return text if len(text) <= 16 else f"{value:.8g}"


def even(content: bytes, padding: bytes = b" ") -> bytes:
    """Pad to an even length."""
    return content + padding * (len(content) % 2)
