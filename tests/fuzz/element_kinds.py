"""Mutations of header elements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.fuzz.elements import LONG_VRS, Element, Level, tag
from tests.fuzz.mutations import kind
from tests.fuzz.study import PER_FRAME, InapplicableError, encoded, even, numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fuzz.bases import Slot
    from tests.fuzz.mutations import Mutation
    from tests.fuzz.study import MutableStudy


def _found(study: MutableStudy, slot: Slot, keyword: str) -> tuple[Level, Element]:
    found = study.find(slot, tag(keyword))
    if found is None:
        raise InapplicableError
    return found


def _targets(study: MutableStudy, mutation: Mutation) -> list[tuple[Slot, Level, Element]]:
    """Return the element of each image that has it; shared ones once, if all images of an object are meant."""
    keyword, found, seen = mutation.args["keyword"], [], set()
    for slot in mutation.slots(study):
        here = study.find(slot, tag(keyword))
        if here is None or id(here[1]) in seen:
            continue
        seen.add(id(here[1]))
        found.append((slot, *here))
    if not found:
        raise InapplicableError
    return found


def _replace(study: MutableStudy, mutation: Mutation, slot: Slot, holder: Level, element: Element) -> None:
    """Write an element where it stands; for some frames of an object alone, in their own groups."""
    if mutation.places is None or slot.frame is None:
        holder.put(element)
    else:
        study.put(slot, element, mutation.args["keyword"])


@kind
def set_value(study: MutableStudy, mutation: Mutation) -> None:
    """Set an element, with any VR and any value; where it is absent, insert it."""
    args = mutation.args
    value = bytes.fromhex(args["hex"]) if "hex" in args else even(args["value"].encode("latin-1"))
    for slot in mutation.slots(study):
        here = study.find(slot, tag(args["keyword"]))
        vr = args.get("vr") or (here[1].vr if here else "LO")
        element = Element(tag(args["keyword"]), vr, value)
        if here is not None and (slot.frame is None or mutation.places is None):
            here[0].put(element)
        else:
            study.put(slot, element, args["keyword"])


@kind
def number(study: MutableStudy, mutation: Mutation) -> None:
    """Multiply an element's numbers by `factor` and add `delta`, or one of them, `index`; several joined by "+"."""
    args = mutation.args
    if "+" in args["keyword"]:
        for keyword in args["keyword"].split("+"):
            number(study, replace(mutation, args={**args, "keyword": keyword}))
        return
    for slot, holder, element in _targets(study, mutation):
        values = numbers(element)
        if not values:
            raise InapplicableError
        chosen = range(len(values)) if args.get("index") is None else (args["index"] % len(values),)
        new = [
            value * args.get("factor", 1.0) + args.get("delta", 0.0) if place in chosen else value
            for place, value in enumerate(values)
        ]
        _replace(study, mutation, slot, holder, Element(element.tag, element.vr, encoded(element.vr, new)))


@kind
def remove(study: MutableStudy, mutation: Mutation) -> None:
    """Remove an element wherever an image's levels hold it."""
    for _, holder, element in _targets(study, mutation):
        holder.drop(element.tag)


@kind
def empty(study: MutableStudy, mutation: Mutation) -> None:
    """Leave an element without a value."""
    for slot, holder, element in _targets(study, mutation):
        items: list[Level] | None = None if element.items is None else []
        _replace(study, mutation, slot, holder, Element(element.tag, element.vr, items=items))


@kind
def twice(study: MutableStudy, mutation: Mutation) -> None:
    """Write an element twice in one level, the second time with `factor`: which one counts?"""
    for _, holder, element in _targets(study, mutation):
        second = element.copy()
        values = numbers(element)
        if values and "factor" in mutation.args:
            second.value = encoded(element.vr, [value * mutation.args["factor"] for value in values])
        place = holder.elements.index(element)
        holder.elements.insert(place + (0 if mutation.args.get("first") else 1), second)


@kind
def repeat(study: MutableStudy, mutation: Mutation) -> None:
    """Give an element its values twice, or its sequence its items twice."""
    for slot, holder, element in _targets(study, mutation):
        again = element.copy()
        if again.items is not None:
            again.items += [item.copy() for item in again.items]
        else:
            again.value = even(element.value.strip(b" \0") + b"\\" + element.value.strip(b" \0"))
        _replace(study, mutation, slot, holder, again)


@kind
def retype(study: MutableStudy, mutation: Mutation) -> None:
    """Change the VR alone."""
    for slot, holder, element in _targets(study, mutation):
        if element.items is not None or (mutation.args["vr"] not in LONG_VRS and len(element.value) > 0xFFFE):
            raise InapplicableError
        _replace(study, mutation, slot, holder, Element(element.tag, mutation.args["vr"], element.value))


@kind
def swap(study: MutableStudy, mutation: Mutation) -> None:
    """Exchange an element between two images; `keyword` may name several, joined by "+"."""
    one, other = mutation.pair(study)
    for keyword in mutation.args["keyword"].split("+"):
        (_, here), (_, there) = _found(study, one, keyword), _found(study, other, keyword)
        if here is there or (here.value, here.items) == (there.value, there.items):
            raise InapplicableError
        here, there = here.copy(), there.copy()
        study.put(one, there, keyword)
        study.put(other, here, keyword)


@kind
def permute(study: MutableStudy, mutation: Mutation) -> None:
    """Reverse or rotate an element over the images of a series; `keyword` may name several, joined by "+"."""
    slots = mutation.slots(study)
    order = range(len(slots))[::-1] if mutation.args["how"] == "reverse" else [*range(1, len(slots)), 0]
    for keyword in mutation.args["keyword"].split("+"):
        values = [_found(study, slot, keyword)[1].copy() for slot in slots]
        if all((one.value, one.items) == (values[0].value, values[0].items) for one in values):
            raise InapplicableError
        for slot, place in zip(slots, order, strict=True):
            study.put(slot, values[place].copy(), keyword)


@kind
def take(study: MutableStudy, mutation: Mutation) -> None:
    """Give images another image's value of an element, such as a neighbour's or another series'."""
    for keyword in mutation.args["keyword"].split("+"):
        value = _found(study, mutation.other(study), keyword)[1]
        for slot in mutation.slots(study):
            study.put(slot, value.copy(), keyword)


@kind
def lift(study: MutableStudy, mutation: Mutation) -> None:
    """Move an element out of its sequence to the top level, or into a private group's tag (`to`)."""
    for slot, holder, element in _targets(study, mutation):
        top = study.top(slot)
        target = tag(mutation.args["to"]) if "to" in mutation.args else element.tag
        if holder is top and target == element.tag:
            raise InapplicableError
        holder.drop(element.tag)
        moved = element.copy()
        moved.tag = target
        top.put(moved)


@kind
def private_block(study: MutableStudy, mutation: Mutation) -> None:
    """Move a private group to another block, as archives do, with its creator or (`alone`) without."""
    group, block = mutation.args["group"], mutation.args["block"]
    moved = False
    for slot in mutation.slots(study):
        top = study.top(slot)
        for element in list(top.elements):
            number_in = element.tag & 0xFFFF
            if element.tag >> 16 != group or not (number_in == 0x10 or number_in >> 8 == 0x10):
                continue
            if number_in == 0x10 and mutation.args.get("alone"):
                continue
            top.drop(element.tag)
            element.tag = group << 16 | (block if number_in == 0x10 else block << 8 | number_in & 0xFF)
            top.put(element)
            moved = True
    if not moved:
        raise InapplicableError


@kind
def mapping(study: MutableStudy, mutation: Mutation) -> None:
    """Add an item to RealWorldValueMappingSequence; `agrees`: one that says the same in Pa."""
    args = mutation.args
    keyword = tag("RealWorldValueMappingSequence")
    for slot in mutation.slots(study):
        if args.get("agrees"):  # frames may be scaled each by itself
            slopes = numbers(_found(study, slot, "RealWorldValueSlope")[1]) or [0.0]
            args = {**args, "unit": "Pa", "slope": 1000.0 * slopes[0]}
        item, found = _mapping_item(args), study.find(slot, keyword)
        if found is None:
            study.put(slot, Element(keyword, "SQ", items=[item]))
        elif found[1].items is not None:
            found[1].items.insert(0 if args.get("before") else len(found[1].items), item)


def _mapping_item(args: Mapping[str, Any]) -> Level:
    unit = Level()
    for keyword, vr, text in (
        ("CodeValue", "SH", args["unit"]),
        ("CodingSchemeDesignator", "SH", args.get("scheme", "UCUM")),
        ("CodeMeaning", "LO", args["unit"]),
    ):
        unit.put(Element(tag(keyword), vr, even(text.encode())))
    item = Level()
    for keyword, vr, value in (
        ("RealWorldValueFirstValueMapped", "US", args.get("first", 0)),
        ("RealWorldValueLastValueMapped", "US", args.get("last", 65535)),
        ("RealWorldValueIntercept", "FD", args.get("intercept", 0.0)),
        ("RealWorldValueSlope", "FD", args["slope"]),
    ):
        item.put(Element(tag(keyword), vr, encoded(vr, [value])))
    item.put(Element(tag("MeasurementUnitsCodeSequence"), "SQ", items=[unit]))
    return item


@kind
def padding(study: MutableStudy, mutation: Mutation) -> None:
    """Declare stored values as padding: `value`, or all from there to `limit`."""
    given = {"PixelPaddingValue": mutation.args["value"], "PixelPaddingRangeLimit": mutation.args.get("limit")}
    for slot in mutation.slots(study):
        for keyword, value in given.items():
            if value is not None:
                study.top(slot).put(Element(tag(keyword), mutation.args["vr"], value.to_bytes(2, "little")))


@kind
def frames(study: MutableStudy, mutation: Mutation) -> None:
    """Reorder, drop or repeat the functional groups of an enhanced object, not its pixels."""
    done = set()
    for slot in mutation.slots(study):
        groups = study.top(slot).get(PER_FRAME)
        if groups is None or not groups.items or len(groups.items) < 2:
            raise InapplicableError
        if slot.file in done:
            continue
        done.add(slot.file)
        items, how, at = groups.items, mutation.args["how"], mutation.args.get("at", 0) % (len(groups.items) - 1)
        if how == "swap":
            items[at], items[at + 1] = items[at + 1], items[at]
        elif how == "reverse":
            items.reverse()
        elif how == "rotate":
            items.append(items.pop(0))
        elif how == "drop":
            items.pop(at)
        else:
            items[at] = items[at + 1].copy()
