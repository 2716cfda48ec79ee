"""What is written as JSON is valid Unicode, and reads back as what it was."""

from __future__ import annotations

import json

import pytest

from liver_mre.results.json_text import json_text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\ud800b", "a\\ud800b"),
        ("\udc80", "\\udc80"),
        ("\ud83d\ude00", "\\ud83d\\ude00"),  # two halves are not one character, where they did not arrive as one
        ('\\\ud800"', '\\\\ud800"'),
        ("\\ud800", "\\ud800"),
        ("😀 ≥ Ü", "😀 ≥ Ü"),
    ],
)
def test_text_is_read_back_without_halves_of_characters(text: str, read: str) -> None:
    for content, expected in (({"key": [text, 0.1, None]}, {"key": [read, 0.1, None]}), ({text: 1}, {read: 1})):
        written = json_text(content, indent=2)
        assert written.isascii()
        assert json.loads(written) == expected
        json.dumps(json.loads(written), ensure_ascii=False).encode("utf-8")  # raises for half of a character


def test_other_content_is_written_as_by_python() -> None:
    content = {"b": [1, 2.5, None, True], "a": {"x": "≥"}}
    assert json_text(content, indent=2, sort_keys=True) == json.dumps(content, indent=2, sort_keys=True)
