"""Checkpoints: written whole, read with torch's restricted unpickler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from pathlib import Path


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; the file appears under its name only once it is complete."""
    temporary = path.with_suffix(".part")
    torch.save(state, temporary)
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint with torch's restricted unpickler (tensors and plain values only)."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
