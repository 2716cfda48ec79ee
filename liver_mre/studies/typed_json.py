"""JSON files read by type: an error names the file, the place in it, and what is missing, mistyped or unknown."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

from liver_mre.studies.text_file import read_text_file, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from liver_mre.errors import MreError

DEEPEST: Final = 50
"""Deepest nesting that is read; ours: the deepest file that is shipped has 8 levels, and Python counts to about 900."""
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
MOST_NAMES: Final = 30
LONGEST_NAME: Final = 60
"""How much of a site's file a message quotes; ours."""


def read_json(path: Path, where: str, error: type[MreError], *, advice: str, missing: str = "") -> object:
    """Read a JSON file.

    Parameters
    ----------
    path : the file, in UTF-8
    where : how messages name it, such as "staging profile wu_2015.json"
    error : class of the error to raise
    advice : what to do about a file that cannot be read
    missing : the message where the file does not exist; by default that of any other unreadable file

    Raises
    ------
    error
        The file cannot be read, is not JSON, or has a key twice in one object.
    """
    try:
        return parse_json(read_text_file(path), where, error, advice=advice)
    except (OSError, ValueError) as cause:
        message = f"The {where} cannot be read ({type(cause).__name__}). {advice}"
        raise error(missing if missing and isinstance(cause, FileNotFoundError) else message) from cause


def parse_json(text: str, where: str, error: type[MreError], *, advice: str) -> object:
    """Parse JSON; parameters and errors are those of `read_json`."""

    def refuse(problem: str) -> NoReturn:
        message = f"The {where} cannot be read: {problem}. {advice}"
        raise error(message)

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        content = dict(pairs)
        if len(content) < len(pairs):
            keys = [key for key, _ in pairs]
            refuse(f"it has the key {shown(next(key for key in keys if keys.count(key) > 1))} twice in one object")
        return content

    def constant(name: str) -> NoReturn:
        refuse(f"{name} is no number of JSON")

    try:
        content = json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    except json.JSONDecodeError as cause:
        message = f"The {where} cannot be read: it is not JSON ({cause.msg}, line {cause.lineno}). {advice}"
        raise error(message) from cause
    except (ValueError, RecursionError) as cause:  # a number of thousands of digits, or very deep nesting
        message = f"The {where} cannot be read ({type(cause).__name__}). {advice}"
        raise error(message) from cause
    if _depth(content) > DEEPEST:
        refuse(f"it is nested more than {DEEPEST} levels deep")
    return content


def _depth(content: object) -> int:
    """Return how many arrays and objects lie in each other, without a call for each."""
    depth, level = 0, [content]
    while level := [value for value in level if isinstance(value, list | dict)]:
        depth += 1
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]
    return depth


class Fields:
    """A JSON object whose fields are read by type.

    Parameters
    ----------
    content : the parsed JSON value; must be an object
    where : how messages name the file
    error : class of the error to raise
    place : place of the object in the file, such as "roles[3].when"; "" for the whole file

    Raises
    ------
    error
        A value is missing or of the wrong type, here and in every method that reads one.
    """

    def __init__(self, content: object, where: str, error: type[MreError], place: str = "") -> None:
        self._where = where
        self._error = error
        self._place = place
        if not isinstance(content, dict):
            self.refuse("must be a JSON object")
        self._content: Mapping[str, Any] = content
        self._read: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        return iter(self._content)

    def __contains__(self, key: str) -> bool:
        """Tell whether there is such a key."""
        return key in self._content

    def refuse(self, problem: str, key: str = "") -> NoReturn:
        """Raise the error that says what is wrong with this object, or with one of its values."""
        place = self._place_of(key) if key else self._place
        message = f"The {self._where}: '{place}' {problem}." if place else f"The {self._where} {problem}."
        raise self._error(message)

    def check_schema(self) -> None:
        """Refuse a `schema_version` other than 1.x."""
        if not self.text("schema_version").startswith("1."):
            self.refuse("is unknown to this application, which reads 1.x", "schema_version")

    def text(self, key: str) -> str:
        """Read a text that is not blank."""
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            self.refuse("must be a text", key)
        return self._readable(key, value)

    def optional_text(self, key: str) -> str | None:
        """Read a text; None where it is null or absent."""
        return None if self._is_absent(key) else self.text(key)

    def choice(self, key: str, choices: Collection[str]) -> str:
        """Read one of several texts."""
        return self._chosen(key, self._take(key), choices)

    def choices(self, key: str, choices: Collection[str]) -> tuple[str, ...]:
        """Read an array of at least one of several texts."""
        return tuple(self._chosen(key, value, choices) for value in self.array(key, empty=False))

    def number(self, key: str) -> float:
        """Read a finite number."""
        return self._number(key, self._take(key))

    def positive(self, key: str) -> float:
        """Read a finite number above 0."""
        value = self.number(key)
        if value <= 0:
            self.refuse("must be a positive number", key)
        return value

    def optional_number(self, key: str) -> float | None:
        """Read a finite number; None where it is null (the key itself must be there)."""
        value = self._take(key)
        return None if value is None else self._number(key, value)

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Read true or false; `default`, if there is one, where it is absent."""
        value = default if default is not None and key not in self else self._take(key)
        if not isinstance(value, bool):
            self.refuse("must be true or false", key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Read an array of texts."""
        values = self.array(key)
        if not all(isinstance(value, str) for value in values):
            self.refuse("must be an array of texts", key)
        return tuple(self._readable(key, value) for value in values)

    def numbers(self, key: str, count: int | None = None) -> tuple[float, ...]:
        """Read an array of finite numbers: of `count`, or of as many as there are."""
        values = self.array(key)
        if count is not None and len(values) != count:
            self.refuse(f"must be {count} numbers", key)
        return tuple(self._number(key, value) for value in values)

    def optional_numbers(self, key: str, count: int) -> tuple[float, ...] | None:
        """Read an array of `count` finite numbers; None where it is null or absent."""
        return None if self._is_absent(key) else self.numbers(key, count)

    def array(self, key: str, *, empty: bool = True) -> list[Any]:
        """Read an array of any values; `empty` says whether it may be."""
        value = self._take(key)
        if not isinstance(value, list):
            self.refuse("must be an array", key)
        if not value and not empty:
            self.refuse("must not be empty", key)
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """Read an object of any keys and values."""
        value = self._take(key)
        if not isinstance(value, dict):
            self.refuse("must be a JSON object", key)
        return dict(value)

    def part(self, key: str, *, required: bool = True) -> Fields:
        """Read an object whose own fields are read by type; an absent one is empty unless `required`."""
        content = self._take(key) if required or key in self else {}
        return Fields(content, self._where, self._error, self._place_of(key))

    def parts(self, key: str, *, required: bool = True, empty: bool = True) -> tuple[Fields, ...]:
        """Read an array of such objects; an absent one is empty unless `required`."""
        if not required and key not in self:
            return ()
        return tuple(
            Fields(value, self._where, self._error, f"{self._place_of(key)}[{index}]")
            for index, value in enumerate(self.array(key, empty=empty))
        )

    def finish(self) -> None:
        """Refuse fields that nobody read: a misspelt key must not pass for an absent one."""
        unknown = sorted(set(self._content) - self._read)
        if unknown:
            self.refuse(f"has unknown fields: {_listed(unknown)}")

    def _place_of(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def _take(self, key: str) -> Any:  # noqa: ANN401  (JSON holds anything)
        if key not in self:
            self.refuse(f"lacks '{key}' (it has {_listed(self._content) or 'no fields'})")
        self._read.add(key)
        return self._content[key]

    def _is_absent(self, key: str) -> bool:
        self._read.add(key)
        return self._content.get(key) is None

    def _chosen(self, key: str, value: object, choices: Collection[str]) -> str:
        if not isinstance(value, str) or value not in choices:
            self.refuse(f"must be one of {', '.join(choices)}, not {shown(value)}", key)
        return value

    def _readable(self, key: str, value: str) -> str:
        """Refuse what no text of a report can hold: control characters, and halves of a character."""
        if _UNREADABLE.search(value):
            self.refuse(f"must be a text without control characters, not {shown(value)}", key)
        return value

    def _number(self, key: str, value: object) -> float:
        number = math.nan
        if not isinstance(value, bool) and isinstance(value, int | float):
            with suppress(OverflowError):  # a whole number beyond the range of floating point
                number = float(value)
        if not math.isfinite(number):
            self.refuse("must be a finite number", key)
        return number


def _listed(names: Iterable[str]) -> str:
    """Return names in order, as a message quotes them: not more than are of use."""
    ordered = [name if name.isprintable() and len(name) < LONGEST_NAME else shown(name) for name in sorted(names)]
    return ", ".join(ordered[:MOST_NAMES]) + (", ..." if len(ordered) > MOST_NAMES else "")
