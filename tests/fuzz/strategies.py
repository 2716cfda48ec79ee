"""Random mutations: near values above all, because absurd ones are easily refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.fuzz.bases import BASES, MEASURED, base
from tests.fuzz.elements import VRS
from tests.fuzz.mutations import Mutation
from tests.fuzz.vocabulary import (
    BYTE_TAILS,
    CODES,
    FACTORS,
    HARMLESS,
    LOSSY,
    NUMBERS,
    ODD_VALUES,
    OF_ONE_SERIES,
    PIXELS_NEAR,
    PLACED,
    STEPS,
    SYNTAXES,
    TEXTS,
    UIDS,
    UNITS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Draw = Callable[[Random, str], Mutation]

NEAR: Final = frozenset(
    {"near_number", "near_pixels", "order", "bits", "one_byte", "near_scale", "padding", "second_mapping", "few_pixels"}
)
"""Strategies of near values and single bytes."""
RECODED: Final = 0.1
"""Share of studies that arrive in another transfer syntax before anything else happens to them."""


def draw(rng: Random, names: Sequence[str] = BASES) -> tuple[str, list[Mutation], list[str]]:
    """Return a base, one to three mutations of it, and the names of the strategies that they come from."""
    name = rng.choice(names)
    count = rng.choices((1, 2, 3), (0.75, 0.2, 0.05))[0]
    chosen = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=count)
    mutations = [_STRATEGIES[one](rng, name) for one in chosen]
    if rng.random() < RECODED:  # what a reader checks in plain pixels, it must check in others, too
        role = rng.choice([role for role in base(name).roles if role in MEASURED])
        mutations.insert(0, Mutation("recode", role, None, {"syntax": rng.choice(SYNTAXES)}))
    return name, mutations, chosen


def _images(rng: Random, name: str, *, measured: float = 0.75) -> tuple[str, tuple[int, ...] | None]:
    """Return a series and one of its images, some, or all."""
    roles = base(name).roles
    role = rng.choices(list(roles), [_ATTENTION.get(role, 1.0) for role in roles])[0]
    if rng.random() > measured and rng.random() < 0.4:
        return "*", None
    size = len(roles[role])
    scope = rng.random()
    if scope < 0.45:
        return role, (rng.randrange(size),)
    if scope < 0.55:
        return role, tuple(sorted(rng.sample(range(size), rng.randint(1, size))))
    return role, None


_ATTENTION: Final = {"stiffness": 5.0, "stiffness_masked": 5.0, "confidence": 4.0, "magnitude": 2.0, "raw": 1.5}


def _near_number(rng: Random, name: str) -> Mutation:
    role, places = _images(rng, name)
    keyword = rng.choice(NUMBERS)
    args: dict[str, Any] = {"keyword": keyword, "index": rng.choice((None, None, 0, 1, 2))}
    if rng.random() < 0.6:
        args["factor"] = rng.choice(FACTORS)
    else:
        args["delta"] = rng.choice(STEPS)
    return Mutation("number", role, places, args)


def _near_scale(rng: Random, name: str) -> Mutation:
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


def _bits(rng: Random, name: str) -> Mutation:
    """Say that pixels have fewer or more bits, in agreement with themselves."""
    role, places = _images(rng, name, measured=1.0)
    args = {"keyword": "BitsStored+HighBit", "delta": rng.choice((-4, -3, -2, -1, 1, 4))}
    return Mutation("number", role, rng.choice((None, places)), args)


def _lossy(rng: Random, name: str) -> Mutation:
    """Say that measured pixels were compressed with loss: the study must be refused."""
    role = rng.choice([role for role in base(name).roles if role in MEASURED])
    keyword, value, vr = rng.choice(LOSSY)
    return Mutation("set_value", role, None, {"keyword": keyword, "value": value, "vr": vr, "must_refuse": True})


def _order(rng: Random, name: str) -> Mutation:
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


def _near_pixels(rng: Random, name: str) -> Mutation:
    """Change pixels in a way that a second copy, the outlines of the body or another slice could tell."""
    role, places = _images(rng, name, measured=1.0)
    roles = base(name).roles
    size = len(roles[role])
    at = rng.randrange(max(1, size - 1))
    copied = {"stiffness", "stiffness_masked"} <= roles.keys() and role.startswith("stiffness")
    kinds = ["swap_pixels", "permute_pixels", "take_pixels", "take_series_pixels", "fill_pixels", "move_pixels"]
    kind = rng.choice([*kinds, "scale_pixels", "scale_pixels"])
    if kind == "scale_pixels":
        near = FACTORS if role != "confidence" else [factor for factor in FACTORS if factor > 1.01]
        change = (
            {"delta": rng.choice((-100, -10, 10, 100))}
            if copied and rng.random() < 0.4
            else {"factor": rng.choice(near)}
        )
        return Mutation(kind, role, (at,) if places is None and not copied else places, change)
    if kind == "swap_pixels":
        return Mutation(kind, role, (at, at + 1))
    if kind == "permute_pixels":
        return Mutation(kind, role, None, {"how": rng.choice(("reverse", "rotate"))})
    if kind in {"take_pixels", "take_series_pixels"}:
        other = rng.choice(list(roles))
        args = {"from": other, "at": rng.randrange(len(roles[other]))}
        return Mutation(kind, role, (at,) if kind == "take_pixels" else None, args)
    if kind == "move_pixels":
        ways = ("rows", "columns", "run", "mirror", "turn") if copied else ("rows", "columns", "run")
        far = [by for by in PIXELS_NEAR if copied or abs(by) > 2]  # outlines of the body are no sharper
        return Mutation(kind, role, places, {"how": rng.choice(ways), "by": rng.choice(far)})
    empty = () if role == "stiffness_masked" and not copied else (0,)  # no pixel of a slice may be confident
    args = {"value": rng.choice((*empty, 1, 300, 4000, 65535)), "noise": rng.random() < 0.5, "seed": rng.randrange(99)}
    return Mutation(kind, role, places, args)


def _few_pixels(rng: Random, name: str) -> Mutation:
    """Set a few pixels to values that no tissue has, or that a second copy contradicts."""
    roles = base(name).roles
    role = rng.choice([role for role in roles if role in {"stiffness", "stiffness_masked", "confidence"}])
    copied = {"stiffness", "stiffness_masked"} <= roles.keys()
    values = (1, 255, 1000, 4095, 32767, 65535) if copied else (1, 32767, 65535)
    value = 65535 if role == "confidence" else rng.choice(values)
    args = {"count": rng.choice((1, 2, 5, 20, 60, 200)), "value": value, "seed": rng.randrange(999)}
    return Mutation("some_pixels", role, rng.choice((None, (rng.randrange(len(roles[role])),))), args)


def _one_byte(rng: Random, name: str) -> Mutation:
    role, _ = _images(rng, name, measured=1.0)
    place = rng.randrange(len(base(name).roles[role]))
    how = rng.choice(("flip", "insert", "delete", "flip"))
    value = 1 << rng.randrange(8) if how == "flip" and rng.random() < 0.7 else rng.randrange(1, 256)
    section = rng.choices(("header", "pixels", "meta", "end"), (0.6, 0.25, 0.1, 0.05))[0]
    return Mutation(
        "byte", role, (place,), {"how": how, "section": section, "where": round(rng.random(), 6), "value": value}
    )


def _damage(rng: Random, name: str) -> Mutation:
    role, places = _images(rng, name)
    if rng.random() < 0.5:
        args = {"lost": rng.choice((1, 2, 3, 8, 100))} if rng.random() < 0.5 else {"share": round(rng.random(), 4)}
        return Mutation("truncate", role, places, args)
    return Mutation("append", role, places, {"hex": rng.choice(BYTE_TAILS)})


def _odd_value(rng: Random, name: str) -> Mutation:
    role, places = _images(rng, name)
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


def _padding(rng: Random, name: str) -> Mutation:
    role, places = _images(rng, name)
    values = (0, 1, 250, 300, 330, 950, 1000, 2047, 3000, 4095, 65535)
    args = {"value": rng.choice(values), "limit": rng.choice((None, *values)), "vr": rng.choice(("US", "US", "SS"))}
    return Mutation("padding", role, places, args)


def _second_mapping(rng: Random, name: str) -> Mutation:
    role, places = _images(rng, name)
    args = {
        "unit": rng.choice(("kPa", "Pa", "1", "%", "m/s")),
        "slope": rng.choice((0.001, 0.01, 1.0, 0.0039, 0.1)) * rng.choice((*FACTORS, 1.0)),
        "intercept": rng.choice((0.0, 0.0, 0.5)),
        "before": rng.random() < 0.3,
        "last": rng.choice((65535, 4095, 300)),
        "scheme": rng.choice(("UCUM", "UCUM", "99X")),
    }
    return Mutation("mapping", role, places, args)


def _files(rng: Random, name: str) -> Mutation:
    """Lose, repeat or rename files, or add others."""
    role, places = _images(rng, name)
    kind = rng.choice(("lose", "lose", "again", "rename", "junk", "bare"))
    if kind == "again":
        return Mutation(kind, role, places, {"how": rng.choice(("exact", "uid", "changed"))})
    if kind == "junk":
        args = {"name": rng.choice(("junk", "a.zip", "x.dcm")), "hex": rng.choice(("", "00", "4d5a9000", "504b0304"))}
        return Mutation(kind, "*", None, args)
    return Mutation(kind, role, places)


def _groups(rng: Random, name: str) -> Mutation:
    """Put files into other series or studies, or elements into other private blocks."""
    role, places = _images(rng, name)
    kind = rng.choice(("regroup", "regroup", "renumber", "private_block"))
    if kind == "regroup":
        other = {"from": rng.choice(list(base(name).roles)), "at": 0}
        chosen = rng.choice(({"new": rng.randrange(3)}, other, {"keyword": "StudyInstanceUID"}))
        return Mutation(kind, role, places, dict(chosen))
    if kind == "renumber":
        args = {"keyword": rng.choice(UIDS), "per": rng.choice(("series", "image"))}
        return Mutation(kind, role, places, args)
    return Mutation(kind, role, None, {"group": 0x0019, "block": 0x11, "alone": rng.random() < 0.3})


def _mixed(rng: Random, name: str) -> Mutation:
    """Add series of another patient or scanner."""
    other = rng.choice((name, name, "siemens-gre", "ge-gre", "philips"))
    args: dict[str, Any] = {
        "base": other,
        "seed": rng.choice((2, 3)),
        "join": rng.random() < 0.6,
        "patient": rng.random() < 0.5,
        "fresh": rng.random() < 0.5,
    }
    if rng.random() < 0.5:
        args["roles"] = rng.sample(list(base(other).roles), rng.randint(1, 2))
    return Mutation("mix", "*", None, args)


def _recode(rng: Random, name: str) -> Mutation:
    role, places = _images(rng, name)
    return Mutation("recode", role, places, {"syntax": rng.choice(SYNTAXES)})


def _harmless(rng: Random, name: str) -> Mutation:
    kind, args = rng.choice(HARMLESS)
    role = rng.choice(("*", *base(name).roles)) if args.get("keyword") in OF_ONE_SERIES else "*"
    role = "stiffness" if kind == "mapping" else role
    return Mutation(kind, role, None, {**args, "harmless": True})


_STRATEGIES: Final[dict[str, Draw]] = {
    "near_number": _near_number,
    "near_scale": _near_scale,
    "order": _order,
    "near_pixels": _near_pixels,
    "few_pixels": _few_pixels,
    "one_byte": _one_byte,
    "damage": _damage,
    "odd_value": _odd_value,
    "padding": _padding,
    "second_mapping": _second_mapping,
    "files": _files,
    "groups": _groups,
    "mixed": _mixed,
    "recode": _recode,
    "harmless": _harmless,
    "bits": _bits,
    "lossy": _lossy,
}
_WEIGHTS: Final[dict[str, float]] = {
    "near_number": 16.0,
    "near_scale": 10.0,
    "order": 8.0,
    "near_pixels": 4.0,
    "few_pixels": 2.0,
    "one_byte": 20.0,
    "damage": 4.0,
    "odd_value": 20.0,
    "padding": 3.0,
    "second_mapping": 3.0,
    "files": 6.0,
    "groups": 5.0,
    "mixed": 2.0,
    "recode": 4.0,
    "harmless": 3.0,
    "bits": 2.0,
    "lossy": 0.5,
}
