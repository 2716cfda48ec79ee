"""Model cards: card.json beside weights.safetensors."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from training.errors import ReportedError

if TYPE_CHECKING:
    from pathlib import Path

CARD_NAME: Final = "card.json"
WEIGHTS_NAME: Final = "weights.safetensors"


class CardError(ReportedError):
    """A published model is incomplete or damaged; the message says what to do."""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_card(model_dir: Path) -> dict[str, Any]:
    """Read a model card and check the weights beside it.

    Raises `CardError` if card or weights are missing, or the weights differ from the card.
    """
    path = model_dir / CARD_NAME
    if not path.is_file():
        message = f"the model folder has no {CARD_NAME}: publish a model first (liver-mre publish)"
        raise CardError(message)
    card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    weights = model_dir / card["weights"]["path"]
    if not weights.is_file():
        message = f"{weights.name} is missing beside {CARD_NAME}: fetch or publish the weights"
        raise CardError(message)
    if file_sha256(weights) != card["weights"]["sha256"]:
        message = f"{weights.name} differs from the SHA-256 in {CARD_NAME}: fetch or publish the weights again"
        raise CardError(message)
    return card
