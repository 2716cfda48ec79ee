"""A tiny published model with random weights, and one that takes every channel."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.tiny_model import EVERY_CHANNEL, TinyModel, publish_tiny, random_network, smooth_slices, tiny_card

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@pytest.fixture(scope="session")
def published_tiny_model(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return publish_tiny(tmp_path_factory.mktemp("models") / "tiny", random_network())


@pytest.fixture(scope="session")
def three_channel_model(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return publish_tiny(tmp_path_factory.mktemp("models") / "three", random_network(3), channels=EVERY_CHANNEL)


@pytest.fixture
def tiny_model(published_tiny_model: TinyModel, tmp_path: Path) -> TinyModel:
    """Return a copy that a test may damage."""
    folder = tmp_path / "model"
    shutil.copytree(published_tiny_model.folder, folder)
    return TinyModel(folder, published_tiny_model.network)


@pytest.fixture
def card_content() -> dict[str, Any]:
    return tiny_card()


@pytest.fixture
def slices() -> Callable[[int], NDArray[np.float32]]:
    return smooth_slices
