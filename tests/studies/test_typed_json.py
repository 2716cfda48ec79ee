"""Whatever a site's file holds, it is read or refused with a sentence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import ModelError, SettingsError
from liver_mre.liver.card import load_card
from liver_mre.measurement.interval_file import load_calibrations
from liver_mre.measurement.profile_file import load_profiles
from liver_mre.quality.limits_file import load_limits
from liver_mre.quality.networks import load_quality_card
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.studies.text_file import MOST_BYTES
from liver_mre.studies.typed_json import DEEPEST, Fields, parse_json, read_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def nested(levels: int, around: str = "[{}]") -> str:
    start, end = around.split("{}")
    return start * levels + "1" + end * levels


UNUSABLE = {
    "cut off": "{",
    "nested deeply": "[" * 100_000,
    "nested": nested(DEEPEST + 1),
    "objects nested": nested(400, '{{"any_of": [{}]}}'.replace("{{", "{").replace("}}", "}")),
    "a number of 5001 digits": f'{{"x": {"9" * 5001}}}',
    "a key twice": '{"x": 1, "x": 2}',
    "not a number": '{"x": NaN}',
    "infinity": '{"x": -Infinity}',
    "a long key twice": f'{{"{"x" * 9999}": 1, "{"x" * 9999}": 2}}',
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_usable_json_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"The profile cannot be read.*Check it\.") as refused:
        parse_json(text, "profile", SettingsError, advice="Check it.")
    assert len(str(refused.value)) < 300


def test_what_is_nested_as_deep_as_allowed_is_read() -> None:
    assert parse_json(nested(DEEPEST), "profile", SettingsError, advice="")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400, "true", '"1"', "null", "[1]"])
def test_a_number_is_one_that_can_be_computed_with(number: str) -> None:
    fields = Fields(parse_json(f'{{"x": {number}}}', "card", ModelError, advice=""), "card", ModelError)
    with pytest.raises(ModelError, match="'x' must be a finite number"):
        fields.number("x")


@pytest.mark.parametrize("text", ["a\\u0000b", "\\u001b[2J", "\\ud800", "a\\u0085"])
def test_a_text_holds_no_control_characters(text: str) -> None:
    content = parse_json(f'{{"x": "{text}", "y": ["{text}"]}}', "card", ModelError, advice="")
    fields = Fields(content, "card", ModelError)
    for read in (lambda: fields.text("x"), lambda: fields.texts("y")):
        with pytest.raises(ModelError, match="without control characters"):
            read()


@pytest.mark.parametrize("value", ['["x", "x"]', "{}", f'"{"x" * 9999}"', "1"])
def test_a_message_quotes_no_more_than_is_of_use(value: str) -> None:
    fields = Fields(parse_json(f'{{"x": {value}}}', "card", ModelError, advice=""), "card", ModelError)
    with pytest.raises(ModelError) as refused:
        fields.choice("x", ("a", "b"))
    assert len(str(refused.value)) < 200


READERS: list[tuple[str, Callable[[Path], object], int]] = [
    ("card.json", lambda path: load_card(path.parent), 5),
    ("card.json", lambda path: load_quality_card(path.parent), 5),
    ("rules.json", load_scanner_rules, 2),
    ("profile.json", lambda path: load_profiles(extra_dir=path.parent), 2),
    ("interval.json", load_calibrations, 2),
    ("limits.json", load_limits, 5),
]
FILES = {
    **{name: text.encode() for name, text in UNUSABLE.items()},
    "empty": b"",
    "null": b"null",
    "a list": b"[1]",
    "not text": b"\xff\xfe{}",
    "a huge number": b'{"schema_version": ' + b"9" * 400 + b"}",
    "too large": b" " * (MOST_BYTES + 1),
}


@pytest.mark.parametrize(("name", "read", "exit_code"), READERS, ids=[reader[0] for reader in READERS])
@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_every_file_that_a_site_may_provide_is_refused_with_its_exit_code(
    content: bytes, name: str, read: Callable[[Path], object], exit_code: int, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((SettingsError, ModelError)) as refused:
        read(tmp_path / name)
    assert refused.value.exit_code == exit_code


def test_a_pipe_or_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero", "."):
        with pytest.raises(SettingsError, match=r"cannot be read \(NotRegularFileError\)"):
            read_json(tmp_path / name, "profile", SettingsError, advice="")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("\ufeff{}", encoding="utf-8")
    assert read_json(tmp_path / "x.json", "profile", SettingsError, advice="") == {}
