"""Claims about the exported model: it answers as the trained one does, and it is checked before use."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import openvino
import pytest
import torch
from safetensors.torch import save_file

from liver_mre.liver.channels import network_channels
from models.card import CardError, read_card
from models.export import export_model, load_network
from simulation.exams.simulate import simulate_exam
from training.segmentation.float16 import float16_weights
from training.segmentation.network import Architecture, build_network

PUBLISHED = Path(__file__).parents[2] / "models" / "liver_segmentation"


def _random_model(folder: Path, channels: int = 3, size: int = 64) -> Path:
    torch.manual_seed(4)
    network = build_network(Architecture(encoder="resnet18", in_channels=channels))
    folder.mkdir()
    save_file(float16_weights(network.state_dict()), folder / "weights.safetensors")
    digest = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    card = {
        "architecture": {"encoder": "resnet18", "in_channels": channels, "classes": 1, "pooling": 2},
        "input": {"size": [size, size]},
        "weights": {"path": "weights.safetensors", "sha256": digest},
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


def _probability(logits: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-logits))


def _openvino_logits(folder: Path, image: torch.Tensor, precision: str) -> np.ndarray:
    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1}
    compiled = core.compile_model(folder / "exported" / "model.xml", "CPU", settings)
    return np.asarray(compiled(image.numpy())[0])


def _assert_agree(reference: np.ndarray, other: np.ndarray, tolerance: float, mask_share: float) -> None:
    assert np.abs(_probability(reference) - _probability(other)).max() < tolerance
    assert ((reference > 0) == (other > 0)).mean() > mask_share


def _assert_exports_agree(folder: Path, image: torch.Tensor, f32_tolerance: float, bf16_tolerance: float) -> None:
    with torch.inference_mode():
        reference = load_network(folder, read_card(folder))(image).numpy()
        program = torch.export.load(folder / "exported" / "model.pt2")
        half = program.module()(image)
    assert half.dtype == torch.float32
    assert half.shape == reference.shape
    _assert_agree(reference, half.numpy(), 0.02, 0.98)
    _assert_agree(reference, _openvino_logits(folder, image, "f32"), f32_tolerance, 0.998)
    _assert_agree(reference, _openvino_logits(folder, image, "bf16"), bf16_tolerance, 0.95)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _random_model(tmp_path_factory.mktemp("models") / "tiny")
    assert export_model(folder)
    return folder


@pytest.mark.parametrize("batch", [1, 3])
def test_exports_answer_like_the_network_for_any_batch(exported: Path, batch: int) -> None:
    image = torch.rand(batch, 3, 64, 64, generator=torch.Generator().manual_seed(batch))
    _assert_exports_agree(exported, image, f32_tolerance=0.002, bf16_tolerance=0.05)


def test_the_openvino_weights_take_half_the_bytes_of_float32(exported: Path) -> None:
    stored = (exported / "weights.safetensors").stat().st_size
    assert (exported / "exported" / "model.bin").stat().st_size < 1.1 * stored


def test_export_json_names_the_weights_and_the_digest_of_every_file(exported: Path) -> None:
    record = json.loads((exported / "exported" / "export.json").read_text(encoding="utf-8"))
    assert record["weights_sha256"] == read_card(exported)["weights"]["sha256"]
    assert set(record["files"]) == {"openvino_xml", "openvino_bin", "torch_pt2"}
    for entry in record["files"].values():
        content = (exported / "exported" / entry["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_a_current_export_is_left_alone_and_a_damaged_one_is_repaired(exported: Path) -> None:
    assert not export_model(exported)
    damaged = exported / "exported" / "model.bin"
    damaged.write_bytes(damaged.read_bytes()[:-8])
    assert export_model(exported)
    assert not export_model(exported)


def test_weights_that_differ_from_the_card_are_refused(tmp_path: Path) -> None:
    folder = _random_model(tmp_path / "model")
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes() + b"\0")
    with pytest.raises(CardError, match="SHA-256"):
        export_model(folder)


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"card\.json"):
        export_model(tmp_path)


@pytest.mark.skipif(
    not (PUBLISHED / "exported" / "export.json").is_file(), reason="the published model is not exported"
)
def test_the_published_model_answers_alike_in_every_export() -> None:
    exam = simulate_exam(3, slices=1)
    confident = exam.confidence >= 0.95
    channels = network_channels(exam.stiffness_kpa, confident, exam.magnitude, masked=False)
    assert channels.shape[1] == len(read_card(PUBLISHED)["input"]["channels"])
    image = torch.nn.functional.interpolate(torch.from_numpy(channels), (512, 512), mode="bilinear")
    # A trained network answers more sharply than a random one, so folding its normalisation into float16 weights shows
    # more in the probabilities; what counts is that the masks agree.
    _assert_exports_agree(PUBLISHED, image, f32_tolerance=0.01, bf16_tolerance=0.2)
