"""Claims about the model card: it is read by type, and an unsupported network is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from liver_mre.errors import ModelError
from liver_mre.liver.card import load_card, parse_card

if TYPE_CHECKING:
    from pathlib import Path


def test_a_card_gives_the_parameters_of_preprocessing_and_threshold(card_content: dict[str, Any]) -> None:
    card_content["input"]["window_kpa"] = [0.5, 9.0]
    card_content["output"]["threshold"] = 0.4
    card = parse_card(card_content)
    assert card.window_kpa == (0.5, 9.0)
    assert card.size == (32, 48)
    assert card.threshold == 0.4
    assert card.weights.sha256 == "0" * 64
    assert card.limits == ("Made for a test.",)


@pytest.mark.parametrize(
    ("channels", "more"), [(["masked_stiffness"], False), (["stiffness", "confident", "magnitude"], True)]
)
def test_a_card_names_the_input_channels(card_content: dict[str, Any], channels: list[str], *, more: bool) -> None:
    card_content["input"]["channels"] = channels
    card = parse_card(card_content)
    assert (card.channels, card.takes_all_channels) == (tuple(channels), more)


def test_fields_that_a_later_minor_version_adds_are_ignored(card_content: dict[str, Any]) -> None:
    card_content |= {"schema_version": "1.3", "citation": "none"}
    assert parse_card(card_content).version == "9.9.9"


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("", {"schema_version": "2.0"}, "schema_version"),
        ("", {"name": ""}, "'name'"),
        ("", {"version": 3}, "'version'"),
        ("", {"limits": "none"}, "'limits'"),
        ("", {"limits": [1]}, "array of texts"),
        ("", {"weights": None}, "JSON object"),
        ("", {"metrics": []}, "'metrics'"),
        ("input", {"channels": ["magnitude"]}, "channels"),
        ("input", {"channels": []}, "channels"),
        ("input", {"channels": ["stiffness"]}, "[masked_stiffness] or [stiffness, confident, magnitude]"),
        ("input", {"channels": ["magnitude", "confident", "stiffness"]}, "channels"),
        ("input", {"channels": ["stiffness", "confident", "magnitude", "wave"]}, "channels"),
        ("input", {"interpolation": "nearest"}, "bilinear"),
        ("input", {"range": [0, 255]}, "range"),
        ("input", {"window_kpa": [8, 0]}, "window_kpa"),
        ("input", {"window_kpa": [0]}, "2 numbers"),
        ("input", {"size": [0, 512]}, "size"),
        ("input", {"size": [12.5, 512]}, "size"),
        ("output", {"kind": "probabilities"}, "logits"),
        ("output", {"classes": ["spleen"]}, "liver"),
        ("output", {"threshold": 1.0}, "threshold"),
        ("output", {"threshold": True}, "finite number"),
        ("weights", {"path": "../weights.safetensors"}, "name of a file"),
    ],
)
def test_an_unsupported_card_is_refused_with_the_reason(
    card_content: dict[str, Any], part: str, change: dict[str, Any], words: str
) -> None:
    (card_content[part] if part else card_content).update(change)
    with pytest.raises(ModelError, match=r".*card\.json") as refusal:
        parse_card(card_content)
    assert words in str(refusal.value)


@pytest.mark.parametrize("key", ["name", "input", "output", "weights", "licence", "training", "limits"])
def test_a_card_without_a_required_field_is_refused_by_its_name(card_content: dict[str, Any], key: str) -> None:
    del card_content[key]
    with pytest.raises(ModelError, match=f"lacks '{key}'"):
        parse_card(card_content)


def test_a_missing_card_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make model"):
        load_card(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", "\udcff"])
def test_an_unreadable_card_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "card.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError):
        load_card(tmp_path)


def test_a_card_is_read_from_its_file(tmp_path: Path, card_content: dict[str, Any]) -> None:
    (tmp_path / "card.json").write_text(json.dumps(card_content))
    assert load_card(tmp_path) == parse_card(card_content)
