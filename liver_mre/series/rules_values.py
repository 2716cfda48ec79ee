"""Values of a rules file by type; a value of another type is an error that names its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from liver_mre.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable


def no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that has a key twice; for `json.loads`."""
    found = dict(pairs)
    for key in found:
        if [name for name, _ in pairs].count(key) > 1:
            fail("the file", f"has the key {key!r} twice in one object")
    return found


def keyed(
    item: object, required: frozenset[str], place: str, *, optional: frozenset[str] = frozenset()
) -> dict[str, object]:
    """Return an object that has every required key and no unknown one."""
    found = an_object(item, place)
    if unknown := found.keys() - required - optional:
        fail(place, f"has the unknown key {listed(unknown)}")
    if missing := required - found.keys():
        fail(place, f"lacks the key {listed(missing)}")
    return found


def an_object(item: object, place: str) -> dict[str, object]:
    """Return an object."""
    if not isinstance(item, dict):
        fail(place, "must be an object")
    return item


def a_list(item: object, place: str) -> list[object]:
    """Return a list."""
    if not isinstance(item, list):
        fail(place, "must be a list")
    return item


def a_filled_list(item: object, place: str) -> list[object]:
    """Return a list that is not empty."""
    if not a_list(item, place):
        fail(place, "must not be empty")
    return a_list(item, place)


def a_text(item: object, place: str) -> str:
    """Return a text that is not blank."""
    if not isinstance(item, str) or not item.strip():
        fail(place, "must be a text")
    return item


def a_truth(item: object, place: str) -> bool:
    """Return true or false."""
    if not isinstance(item, bool):
        fail(place, "must be true or false")
    return item


def a_positive(item: object, place: str) -> float:
    """Return a positive number."""
    if isinstance(item, bool) or not isinstance(item, int | float) or item <= 0:
        fail(place, "must be a positive number")
    return float(item)


def listed(names: Iterable[str]) -> str:
    """Join names for a message."""
    return ", ".join(sorted(str(name) for name in names))


def fail(place: str, problem: str) -> NoReturn:
    """Raise the error that names the place."""
    msg = f"Scanner rules: {place} {problem}."
    raise SettingsError(msg)
