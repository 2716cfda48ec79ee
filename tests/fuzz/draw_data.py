"""Random mutations of pixels, bytes and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fuzz.bases import base
from tests.fuzz.images import images
from tests.fuzz.mutations import Mutation
from tests.fuzz.vocabulary import BYTE_TAILS, FACTORS, PIXELS_NEAR, SYNTAXES, UIDS

if TYPE_CHECKING:
    from random import Random


def near_pixels(rng: Random, name: str) -> Mutation:
    """Change pixels in a way that a second copy, the outlines of the body or another slice could tell."""
    role, places = images(rng, name, measured=1.0)
    roles = base(name).roles
    size = len(roles[role])
    at = rng.randrange(max(1, size - 1))
    copied = {"stiffness", "stiffness_masked"} <= roles.keys() and role.startswith("stiffness")
    kinds = ["swap_pixels", "permute_pixels", "take_pixels", "take_series_pixels", "fill_pixels", "scale_pixels"]
    # A masked map without a second copy shows no outline of the body: the patient may lie elsewhere.
    moved = [] if role == "stiffness_masked" and not copied else ["move_pixels"]
    kind = rng.choice([*kinds, "scale_pixels", *moved])
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


def few_pixels(rng: Random, name: str) -> Mutation:
    """Set a few pixels to values that no tissue has, or that a second copy contradicts."""
    roles = base(name).roles
    role = rng.choice([role for role in roles if role in {"stiffness", "stiffness_masked", "confidence"}])
    copied = {"stiffness", "stiffness_masked"} <= roles.keys()
    values = (1, 255, 1000, 4095, 32767, 65535) if copied else (1, 32767, 65535)
    value = 65535 if role == "confidence" else rng.choice(values)
    args = {"count": rng.choice((1, 2, 5, 20, 60, 200)), "value": value, "seed": rng.randrange(999)}
    return Mutation("some_pixels", role, rng.choice((None, (rng.randrange(len(roles[role])),))), args)


def one_byte(rng: Random, name: str) -> Mutation:
    role, _ = images(rng, name, measured=1.0)
    place = rng.randrange(len(base(name).roles[role]))
    how = rng.choice(("flip", "insert", "delete", "flip"))
    value = 1 << rng.randrange(8) if how == "flip" and rng.random() < 0.7 else rng.randrange(1, 256)
    section = rng.choices(("header", "pixels", "meta", "end"), (0.6, 0.25, 0.1, 0.05))[0]
    return Mutation(
        "byte", role, (place,), {"how": how, "section": section, "where": round(rng.random(), 6), "value": value}
    )


def damage(rng: Random, name: str) -> Mutation:
    role, places = images(rng, name)
    if rng.random() < 0.5:
        args = {"lost": rng.choice((1, 2, 3, 8, 100))} if rng.random() < 0.5 else {"share": round(rng.random(), 4)}
        return Mutation("truncate", role, places, args)
    return Mutation("append", role, places, {"hex": rng.choice(BYTE_TAILS)})


def files(rng: Random, name: str) -> Mutation:
    """Lose, repeat or rename files, or add others."""
    role, places = images(rng, name)
    kind = rng.choice(("lose", "lose", "again", "rename", "junk", "bare"))
    if kind == "again":
        return Mutation(kind, role, places, {"how": rng.choice(("exact", "uid", "changed"))})
    if kind == "junk":
        args = {"name": rng.choice(("junk", "a.zip", "x.dcm")), "hex": rng.choice(("", "00", "4d5a9000", "504b0304"))}
        return Mutation(kind, "*", None, args)
    return Mutation(kind, role, places)


def groups(rng: Random, name: str) -> Mutation:
    """Put files into other series or studies, or elements into other private blocks."""
    role, places = images(rng, name)
    kind = rng.choice(("regroup", "regroup", "renumber", "private_block"))
    if kind == "regroup":
        other = {"from": rng.choice(list(base(name).roles)), "at": 0}
        chosen = rng.choice(({"new": rng.randrange(3)}, other, {"keyword": "StudyInstanceUID"}))
        return Mutation(kind, role, places, dict(chosen))
    if kind == "renumber":
        args = {"keyword": rng.choice(UIDS), "per": rng.choice(("series", "image"))}
        return Mutation(kind, role, places, args)
    return Mutation(kind, role, None, {"group": 0x0019, "block": 0x11, "alone": rng.random() < 0.3})


def mixed(rng: Random, name: str) -> Mutation:
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


def recode(rng: Random, name: str) -> Mutation:
    role, places = images(rng, name)
    return Mutation("recode", role, places, {"syntax": rng.choice(SYNTAXES)})
