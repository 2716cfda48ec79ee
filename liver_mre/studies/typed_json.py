"""Typed reading of JSON objects: what is missing, mistyped or unknown is named, and where."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from liver_mre.errors import MreError


class Fields:
    """One JSON object whose fields are read by type; every misfit raises the error that the owner asked for.

    Parameters
    ----------
    content : the parsed JSON value; must be an object
    where : how messages name it, such as "staging profile wu_2015.json"
    error : the class of error to raise

    Raises
    ------
    MreError
        Of class `error`, here and in every reading method, if the value is missing or of the wrong type.
    """

    def __init__(self, content: object, where: str, error: type[MreError]) -> None:
        self._where = where
        self._error = error
        if not isinstance(content, dict):
            self.refuse("must be a JSON object")
        self._content: Mapping[str, Any] = content
        self._read: set[str] = set()

    def refuse(self, what: str) -> NoReturn:
        """Raise the error that says what is wrong with this object."""
        message = f"The {self._where} {what}."
        raise self._error(message)

    def text(self, key: str) -> str:
        """Read a text that is not blank."""
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            self.refuse(f"needs a text in '{key}'")
        return value

    def optional_text(self, key: str) -> str | None:
        """Read a text; None where it is null or absent."""
        if self._content.get(key) is None:
            self._read.add(key)
            return None
        return self.text(key)

    def number(self, key: str) -> float:
        """Read a finite number."""
        return self._number(key, self._take(key))

    def optional_number(self, key: str) -> float | None:
        """Read a finite number; None where it is null (the key itself must be there)."""
        value = self._take(key)
        return None if value is None else self._number(key, value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Read true or false; `default` where it is absent."""
        value = self._content.get(key, default)
        self._read.add(key)
        if not isinstance(value, bool):
            self.refuse(f"needs true or false in '{key}'")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Read an array of texts."""
        values = self._array(key)
        if not all(isinstance(value, str) for value in values):
            self.refuse(f"needs an array of texts in '{key}'")
        return tuple(values)

    def numbers(self, key: str, count: int | None = None) -> tuple[float, ...]:
        """Read an array of finite numbers: of `count`, or of as many as there are."""
        values = self._array(key)
        if count is not None and len(values) != count:
            self.refuse(f"needs {count} numbers in '{key}'")
        return tuple(self._number(key, value) for value in values)

    def optional_numbers(self, key: str, count: int) -> tuple[float, ...] | None:
        """Read an array of `count` finite numbers; None where it is null or absent."""
        if self._content.get(key) is None:
            self._read.add(key)
            return None
        return self.numbers(key, count)

    def mapping(self, key: str) -> dict[str, Any]:
        """Read an object of free form."""
        value = self._take(key)
        if not isinstance(value, dict):
            self.refuse(f"needs an object in '{key}'")
        return dict(value)

    def part(self, key: str) -> Fields:
        """Read an object, to be read by type itself."""
        return Fields(self._take(key), f"'{key}' of the {self._where}", self._error)

    def parts(self, key: str, *, required: bool = True) -> tuple[Fields, ...]:
        """Read an array of objects; an absent one is empty unless `required`."""
        if not required and key not in self._content:
            return ()
        return tuple(
            Fields(value, f"entry {index} of '{key}' of the {self._where}", self._error)
            for index, value in enumerate(self._array(key), start=1)
        )

    def finish(self) -> None:
        """Refuse fields that nobody read: a misspelt key must not pass for an absent one."""
        unknown = sorted(set(self._content) - self._read)
        if unknown:
            self.refuse(f"has unknown fields: {', '.join(unknown)}")

    def _take(self, key: str) -> Any:  # noqa: ANN401  (JSON holds anything)
        if key not in self._content:
            self.refuse(f"lacks '{key}'")
        self._read.add(key)
        return self._content[key]

    def _array(self, key: str) -> list[Any]:
        value = self._take(key)
        if not isinstance(value, list):
            self.refuse(f"needs an array in '{key}'")
        return value

    def _number(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.refuse(f"needs a finite number in '{key}'")
        return float(value)
