"""The model card: identity, input, output and weights of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from liver_mre.errors import ModelError
from liver_mre.liver.channels import ALL_CHANNELS, KNOWN_CHANNELS
from liver_mre.liver.mask import ModelIdentity
from liver_mre.studies.typed_json import Fields, read_json

if TYPE_CHECKING:
    from pathlib import Path

CARD_FILE: Final = "card.json"
_WHERE: Final = "model's card.json"


@dataclass(frozen=True, slots=True)
class WeightsRecord:
    """The weights file: `path` is a name beside the card, `sha256` in hexadecimal."""

    path: str
    sha256: str
    dtype: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Card:
    """What every card says: name and version of the model, and its weights file."""

    name: str
    version: str
    weights: WeightsRecord

    def identity(self, backend: str, precision: str) -> ModelIdentity:
        """Return the identity of the model, run by a backend in some precision."""
        return ModelIdentity(self.name, self.version, self.weights.sha256, backend, precision)


@dataclass(frozen=True, slots=True)
class ModelCard(Card):
    """Card of a network that segments the liver.

    Attributes
    ----------
    task, intended_use, licence : identity and purpose
    architecture : the network's build plan, as training wrote it
    channels : input channels, one of `liver.channels.KNOWN_CHANNELS`
    window_kpa : stiffness that becomes 0 and 1 in the input
    size : (h, w) of the input
    field_of_view_mm : (height, width) of the input; None for whole images of any size
    threshold : smallest probability of a liver pixel
    training, metrics : training data and results, as training wrote them
    limits : uses that it was not made for
    """

    task: str
    intended_use: str
    licence: str
    architecture: dict[str, Any]
    channels: tuple[str, ...]
    window_kpa: tuple[float, float]
    size: tuple[int, int]
    field_of_view_mm: tuple[float, float] | None
    threshold: float
    training: dict[str, Any]
    metrics: dict[str, Any]
    limits: tuple[str, ...]

    @property
    def takes_all_channels(self) -> bool:
        """Whether its input is more than the masked elastogram."""
        return self.channels == ALL_CHANNELS


def load_card(model_dir: Path) -> ModelCard:
    """Read the card of a model folder.

    Parameters
    ----------
    model_dir : folder that holds `card.json`

    Raises
    ------
    ModelError
        The card is missing or unreadable, or describes a network that this application cannot run.
    """
    missing = "The model folder holds no card.json. Check the setting model_dir, or run `make model`."
    return parse_card(read_card(model_dir, _WHERE, missing=missing))


def parse_card(content: object) -> ModelCard:
    """Return a card from parsed JSON, ignoring fields that a later 1.x adds.

    Raises
    ------
    ModelError
        A field is missing or mistyped, or this application does not support the input or output.
    """
    fields = card_fields(content, _WHERE)
    shown = fields.part("input")
    window_kpa, size, field_of_view_mm = _parse_input(shown)
    return ModelCard(
        name=fields.text("name"),
        version=fields.text("version"),
        task=fields.text("task"),
        intended_use=fields.text("intended_use"),
        licence=fields.text("licence"),
        architecture=fields.mapping("architecture"),
        channels=_parse_channels(shown),
        window_kpa=window_kpa,
        size=size,
        field_of_view_mm=field_of_view_mm,
        threshold=_parse_threshold(fields.part("output")),
        training=fields.mapping("training"),
        metrics=fields.mapping("metrics"),
        limits=fields.texts("limits"),
        weights=parse_weights(fields.part("weights")),
    )


def read_card(folder: Path, where: str, *, missing: str) -> object:
    """Read the `card.json` of a folder; `missing` is the message where there is none.

    Raises
    ------
    ModelError
        The card is missing or cannot be read.
    """
    return read_json(folder / CARD_FILE, where, ModelError, advice="Run `make model`.", missing=missing)


def card_fields(content: object, where: str) -> Fields:
    """Return the fields of a card of schema 1.x. Raises `ModelError` for any other content."""
    fields = Fields(content, where, ModelError)
    fields.check_schema()
    return fields


def _parse_channels(fields: Fields) -> tuple[str, ...]:
    channels = fields.texts("channels")
    if channels not in KNOWN_CHANNELS:
        known = " or ".join(f"[{', '.join(names)}]" for names in KNOWN_CHANNELS)
        fields.refuse(f"must have the channels {known}")
    return channels


def _parse_input(
    fields: Fields,
) -> tuple[tuple[float, float], tuple[int, int], tuple[float, float] | None]:
    if fields.text("interpolation") != "bilinear" or fields.numbers("range", 2) != (0.0, 1.0):
        fields.refuse("must be bilinear with the range [0, 1]")
    low, high = fields.numbers("window_kpa", 2)
    rows, columns = fields.numbers("size", 2)
    if low >= high:
        fields.refuse("needs an ascending window_kpa")
    if rows < 1 or columns < 1 or rows % 1 or columns % 1:
        fields.refuse("needs a size of whole pixels")
    return (low, high), (int(rows), int(columns)), _parse_field_of_view(fields)


def _parse_field_of_view(fields: Fields) -> tuple[float, float] | None:
    sides_mm = fields.optional_numbers("field_of_view_mm", 2)
    if sides_mm is None:
        return None
    height_mm, width_mm = sides_mm
    if height_mm <= 0.0 or width_mm <= 0.0:
        fields.refuse("needs a positive field_of_view_mm")
    return height_mm, width_mm


def _parse_threshold(fields: Fields) -> float:
    if fields.text("kind") != "logits" or fields.texts("classes") != ("liver",):
        fields.refuse("must be logits of the classes [liver]")
    threshold = fields.number("threshold")
    if not 0.0 < threshold < 1.0:
        fields.refuse("needs a threshold between 0 and 1")
    return threshold


def parse_weights(fields: Fields) -> WeightsRecord:
    """Return the record of the weights file; refuse a path outside the card's folder."""
    record = WeightsRecord(
        fields.text("path"), fields.text("sha256"), fields.text("dtype"), int(fields.number("bytes"))
    )
    if not is_file_name(record.path):
        fields.refuse("needs a path that is the name of a file beside the card")
    return record


def is_file_name(path: str) -> bool:
    """Tell whether `path` is a plain file name, without a folder."""
    return path not in {".", ".."} and not set(path) & {"/", "\\", "\0"}
