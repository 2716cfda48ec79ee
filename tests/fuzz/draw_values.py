"""Random mutations of elements: near values, another order, odd values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fuzz.bases import MEASURED, base
from tests.fuzz.elements import VRS
from tests.fuzz.images import images
from tests.fuzz.mutations import Mutation
from tests.fuzz.vocabulary import (
    CODES,
    FACTORS,
    HARMLESS,
    LOSSY,
    NUMBERS,
    ODD_VALUES,
    OF_ONE_SERIES,
    PLACED,
    STEPS,
    TEXTS,
    UIDS,
    UNITS,
)

if TYPE_CHECKING:
    from random import Random


def near_number(rng: Random, name: str) -> Mutation:
    role, places = images(rng, name)
    keyword = rng.choice(NUMBERS)
    args: dict[str, Any] = {"keyword": keyword, "index": rng.choice((None, None, 0, 1, 2))}
    if rng.random() < 0.6:
        args["factor"] = rng.choice(FACTORS)
    else:
        args["delta"] = rng.choice(STEPS)
    return Mutation("number", role, places, args)


def near_scale(rng: Random, name: str) -> Mutation:
    """Change what tells a scale, which changes the number."""
    role = rng.choice([role for role in base(name).roles if role in {"stiffness", "stiffness_masked", "confidence"}])
    size = len(base(name).roles[role])
    places = rng.choice((None, (rng.randrange(size),), tuple(range(size // 2))))
    keyword = rng.choice(
        (
            "RescaleSlope",
            "RescaleIntercept",
            "RealWorldValueSlope",
            "RealWorldValueIntercept",
            "PixelSpacing",
            "RescaleType",
            "BitsStored",
            "HighBit",
            "PixelRepresentation",
        )
    )
    if keyword == "RescaleType":
        return Mutation("set_value", role, places, {"keyword": keyword, "value": rng.choice(UNITS), "vr": "LO"})
    if rng.random() < 0.2 and keyword.startswith("Rescale"):
        value = repr(round(rng.choice(FACTORS) * rng.choice((1.0, 0.01, 0.001)), 6))
        return Mutation("set_value", role, places, {"keyword": keyword, "value": value, "vr": "DS"})
    how = (
        {"factor": rng.choice(FACTORS)} if "Slope" in keyword or "Spacing" in keyword else {"delta": rng.choice(STEPS)}
    )
    return Mutation("number", role, places, {"keyword": keyword, **how})


def bits(rng: Random, name: str) -> Mutation:
    """Say that pixels have fewer or more bits, in agreement with themselves."""
    role, places = images(rng, name, measured=1.0)
    args = {"keyword": "BitsStored+HighBit", "delta": rng.choice((-4, -3, -2, -1, 1, 4))}
    return Mutation("number", role, rng.choice((None, places)), args)


def lossy(rng: Random, name: str) -> Mutation:
    """Say that measured pixels were compressed with loss: the study must be refused."""
    role = rng.choice([role for role in base(name).roles if role in MEASURED])
    keyword, value, vr = rng.choice(LOSSY)
    return Mutation("set_value", role, None, {"keyword": keyword, "value": value, "vr": vr, "must_refuse": True})


def order(rng: Random, name: str) -> Mutation:
    """Exchange, reverse or rotate what tells the slices apart, or give one its neighbour's value."""
    role = rng.choice(list(base(name).roles))
    size = len(base(name).roles[role])
    place = rng.randrange(max(1, size - 1))
    keyword = rng.choice(PLACED)
    how = rng.random()
    if base(name).roles[role][0].frame is not None and how < 0.3:
        return Mutation(
            "frames", role, None, {"how": rng.choice(("swap", "reverse", "rotate", "drop", "repeat")), "at": place}
        )
    if how < 0.5:
        return Mutation("swap", role, (place, rng.choice((place + 1, rng.randrange(size)))), {"keyword": keyword})
    if how < 0.8:
        return Mutation("permute", role, None, {"keyword": keyword, "how": rng.choice(("reverse", "rotate"))})
    other = rng.choice(list(base(name).roles))
    at = rng.randrange(len(base(name).roles[other]))
    return Mutation("take", role, (place,), {"keyword": keyword, "from": other, "at": at})


def odd_value(rng: Random, name: str) -> Mutation:
    role, places = images(rng, name)
    keyword = rng.choice((*NUMBERS, *TEXTS, *CODES, *UIDS))
    kind = rng.choice(("set_value", "set_value", "remove", "empty", "repeat", "twice", "retype", "lift", "take"))
    args: dict[str, Any] = {"keyword": keyword}
    if kind == "set_value":
        args["value"] = rng.choice(ODD_VALUES if rng.random() < 0.6 else CODES.get(keyword, ODD_VALUES))
        if rng.random() < 0.4:
            args["vr"] = rng.choice(VRS)
    elif kind == "twice":
        args |= {"factor": rng.choice(FACTORS), "first": rng.random() < 0.5}
    elif kind == "retype":
        args["vr"] = rng.choice(VRS)
    elif kind == "lift" and rng.random() < 0.5:
        args["to"] = "00091010"
    elif kind == "take":
        other = rng.choice(list(base(name).roles))
        args |= {"from": other, "at": rng.randrange(len(base(name).roles[other]))}
    return Mutation(kind, role, places, args)


def padding(rng: Random, name: str) -> Mutation:
    role, places = images(rng, name)
    values = (0, 1, 250, 300, 330, 950, 1000, 2047, 3000, 4095, 65535)
    args = {"value": rng.choice(values), "limit": rng.choice((None, *values)), "vr": rng.choice(("US", "US", "SS"))}
    return Mutation("padding", role, places, args)


def second_mapping(rng: Random, name: str) -> Mutation:
    role, places = images(rng, name)
    args = {
        "unit": rng.choice(("kPa", "Pa", "1", "%", "m/s")),
        "slope": rng.choice((0.001, 0.01, 1.0, 0.0039, 0.1)) * rng.choice((*FACTORS, 1.0)),
        "intercept": rng.choice((0.0, 0.0, 0.5)),
        "before": rng.random() < 0.3,
        "last": rng.choice((65535, 4095, 300)),
        "scheme": rng.choice(("UCUM", "UCUM", "99X")),
    }
    return Mutation("mapping", role, places, args)


def harmless(rng: Random, name: str) -> Mutation:
    kind, args = rng.choice(HARMLESS)
    role = rng.choice(("*", *base(name).roles)) if args.get("keyword") in OF_ONE_SERIES else "*"
    role = "stiffness" if kind == "mapping" else role
    return Mutation(kind, role, None, {**args, "harmless": True})
