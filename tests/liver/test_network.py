"""Claims about inference: backends reproduce the trained network, and damaged files are never used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from liver_mre.errors import DeviceError, ModelError, UsageError
from liver_mre.liver import network as model_module
from liver_mre.liver.network import load_model, resolve_device
from liver_mre.liver.openvino_backend import chosen_precision, import_openvino
from liver_mre.liver.torch_backend import TorchBackend, cuda_devices
from tests.tiny_model import smooth_slices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.tiny_model import TinyModel

    Slices = Callable[[int], NDArray[np.float32]]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_openvino_reproduces_the_torch_network_for_any_number_of_slices(
    published_tiny_model: TinyModel, slices: Slices, count: int
) -> None:
    batch = slices(count)
    expected = published_tiny_model.probabilities(batch)
    found = load_model(published_tiny_model.folder, device="cpu", precision="f32").predict(batch)
    assert found.shape == (count, 32, 48)
    assert found.dtype == np.float32
    assert expected.min() < 0.2
    assert expected.max() > 0.8
    np.testing.assert_allclose(found, expected, atol=5e-3)  # weights are stored in float16


def test_the_default_precision_of_this_processor_gives_nearly_the_same_mask(
    published_tiny_model: TinyModel, slices: Slices
) -> None:
    batch = slices(4)
    model = load_model(published_tiny_model.folder)
    expected = published_tiny_model.probabilities(batch) >= 0.5
    assert ((model.predict(batch) >= 0.5) == expected).mean() > 0.98


def test_the_torch_program_reproduces_the_torch_network(published_tiny_model: TinyModel, slices: Slices) -> None:
    backend = TorchBackend(published_tiny_model.folder / "exported" / "model.pt2", "cpu")
    batch = slices(19)  # more than one internal batch
    found = 1.0 / (1.0 + np.exp(-backend.logits(batch)))
    np.testing.assert_allclose(found, published_tiny_model.probabilities(batch), atol=1e-5)
    assert backend.precision == "f32"


@pytest.mark.skipif(cuda_devices() == 0, reason="no CUDA device")
def test_a_cuda_device_reproduces_the_torch_network(published_tiny_model: TinyModel, slices: Slices) -> None:
    model = load_model(published_tiny_model.folder, device="cuda:0")
    batch = slices(3)
    np.testing.assert_allclose(model.predict(batch), published_tiny_model.probabilities(batch), atol=2e-2)
    assert model.identity.backend == "torch"


def test_a_network_of_three_channels_reproduces_the_torch_network(three_channel_model: TinyModel) -> None:
    batch = smooth_slices(4, channels=3)
    expected = three_channel_model.probabilities(batch)
    model = load_model(three_channel_model.folder, device="cpu", precision="f32")
    assert model.card.channels == ("stiffness", "confident", "magnitude")
    np.testing.assert_allclose(model.predict(batch), expected, atol=5e-3)
    program = TorchBackend(three_channel_model.folder / "exported" / "model.pt2", "cpu")
    np.testing.assert_allclose(1.0 / (1.0 + np.exp(-program.logits(batch))), expected, atol=1e-5)
    swapped = model.predict(np.ascontiguousarray(batch[:, ::-1]))
    assert np.abs(swapped - expected).max() > 0.1, "every channel has its place"


def test_no_slices_give_no_probabilities(published_tiny_model: TinyModel, slices: Slices) -> None:
    model = load_model(published_tiny_model.folder, device="cpu")
    assert model.predict(slices(1)[:0]).shape == (0, 32, 48)


def test_slices_keep_their_order_however_they_are_run(published_tiny_model: TinyModel, slices: Slices) -> None:
    model = load_model(published_tiny_model.folder, device="cpu")
    batch = slices(7)
    np.testing.assert_array_equal(model.predict(batch)[::-1], model.predict(batch[::-1]))


def test_extreme_logits_become_probabilities_without_overflow(published_tiny_model: TinyModel, slices: Slices) -> None:
    class Extreme:
        name = "extreme"
        precision = "f32"

        def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.where(batch[:, 0] > 0.5, np.float32(1e30), np.float32(-1e30))

    tiny = load_model(published_tiny_model.folder, device="cpu")
    model = model_module.LiverModel(tiny.card, tiny.identity, Extreme())
    assert set(np.unique(model.predict(slices(2)))) == {0.0, 1.0}


def test_a_batch_of_another_shape_is_refused(published_tiny_model: TinyModel) -> None:
    model = load_model(published_tiny_model.folder, device="cpu")
    with pytest.raises(ValueError, match=r"\(S, 1, 32, 48\)"):
        model.predict(np.zeros((2, 1, 48, 32), np.float32))
    with pytest.raises(ValueError, match=r"\(S, 1, 32, 48\)"):
        model.predict(np.zeros((2, 3, 32, 48), np.float32))


def test_the_identity_names_weights_runtime_and_true_precision(published_tiny_model: TinyModel) -> None:
    card = json.loads((published_tiny_model.folder / "card.json").read_text())
    capabilities = import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    automatic = load_model(published_tiny_model.folder, device="cpu").identity
    plain = load_model(published_tiny_model.folder, device="cpu", precision="f32").identity
    assert automatic.precision == ("bf16" if "BF16" in capabilities else "f32")
    assert (plain.name, plain.version, plain.backend) == ("liver-segmentation", "9.9.9", "openvino")
    assert plain.precision == "f32"
    assert plain.sha256 == card["weights"]["sha256"]


@pytest.mark.parametrize("name", ["exported/export.json", "exported/model.xml", "exported/model.bin"])
@pytest.mark.parametrize("what", ["device", "pipe", "folder"])
def test_a_file_of_the_model_that_is_no_regular_file_is_refused_at_once(
    published_tiny_model: TinyModel, tmp_path: Path, name: str, what: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(published_tiny_model.folder, folder)
    (folder / name).unlink()
    if what == "device":
        (folder / name).symlink_to("/dev/zero")
    elif what == "pipe":
        os.mkfifo(folder / name)
    else:
        (folder / name).mkdir()
    with pytest.raises(ModelError, match=r"missing or unreadable|cannot be read"):
        load_model(folder, device="cpu")


DAMAGED = [
    (name, damage)
    for name in ("weights.safetensors", "exported/model.xml", "exported/model.bin")
    for damage in ("one bit", "cut", "gone")
    if (name, damage) != ("weights.safetensors", "gone")  # they are in the exported files
]


@pytest.mark.parametrize(("name", "damage"), DAMAGED)
def test_a_damaged_file_is_refused_by_its_name(tiny_model: TinyModel, name: str, damage: str) -> None:
    path = tiny_model.folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "one bit" else content[:-1])
    with pytest.raises(ModelError, match=r"make model") as refusal:
        load_model(tiny_model.folder, device="cpu")
    assert path.name in str(refusal.value)


def test_the_weights_are_not_needed_beside_their_export(tiny_model: TinyModel) -> None:
    (tiny_model.folder / "weights.safetensors").unlink()
    assert load_model(tiny_model.folder, device="cpu").identity.backend == "openvino"


def test_an_export_of_other_weights_is_refused(tiny_model: TinyModel) -> None:
    edit_export(tiny_model.folder, weights_sha256="f" * 64)
    with pytest.raises(ModelError, match=r"other weights.*make model"):
        load_model(tiny_model.folder, device="cpu")


def test_a_model_that_was_never_exported_says_so(tiny_model: TinyModel) -> None:
    (tiny_model.folder / "exported" / "export.json").unlink()
    with pytest.raises(ModelError, match=r"not been exported.*make model"):
        load_model(tiny_model.folder, device="cpu")


def test_an_export_record_cannot_point_outside_its_folder(tiny_model: TinyModel) -> None:
    files = json.loads((tiny_model.folder / "exported" / "export.json").read_text())["files"]
    files["openvino_xml"]["path"] = "../model.xml"
    edit_export(tiny_model.folder, files=files)
    with pytest.raises(ModelError, match="name of a file"):
        load_model(tiny_model.folder, device="cpu")


@pytest.mark.parametrize("content", ["{", "[]", '{"weights_sha256": 4}'])
def test_an_unreadable_export_record_is_refused(tiny_model: TinyModel, content: str) -> None:
    (tiny_model.folder / "exported" / "export.json").write_text(content)
    with pytest.raises(ModelError, match=r"export\.json"):
        load_model(tiny_model.folder, device="cpu")


def test_a_network_that_openvino_cannot_read_is_a_model_error(tiny_model: TinyModel) -> None:
    replace_file(tiny_model.folder, "openvino_xml", b"<net>not a network</net>")
    with pytest.raises(ModelError, match="OpenVINO cannot use"):
        load_model(tiny_model.folder, device="cpu")


def test_a_program_that_torch_cannot_read_is_a_model_error(tiny_model: TinyModel) -> None:
    path = tiny_model.folder / "exported" / "model.pt2"
    path.write_bytes(b"not a program")
    with pytest.raises(ModelError, match="PyTorch cannot use"):
        TorchBackend(path, "cpu")


@pytest.mark.parametrize(
    "wrong",
    [{"size": [31, 48]}, {"channels": ["stiffness", "confident", "magnitude"]}],  # the network rounds odd sizes up
    ids=["size", "channels"],
)
def test_a_card_that_does_not_fit_its_network_is_a_model_error(
    tiny_model: TinyModel, wrong: dict[str, list[object]]
) -> None:
    card = json.loads((tiny_model.folder / "card.json").read_text())
    card["input"] |= wrong
    (tiny_model.folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="make model"):
        load_model(tiny_model.folder, device="cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda", "cuda:", "cuda:-1", "CPU", ""])
def test_an_unknown_device_is_a_usage_error(device: str) -> None:
    with pytest.raises(UsageError, match="auto, cpu or cuda:N"):
        resolve_device(device)


def test_a_cuda_device_that_is_not_there_is_a_device_error() -> None:
    with pytest.raises(DeviceError, match="--device cpu"):
        resolve_device("cuda:99")


@pytest.mark.parametrize(("count", "expected"), [(0, "cpu"), (1, "cuda:0"), (2, "cuda:0")])
def test_auto_takes_the_first_usable_cuda_device(monkeypatch: pytest.MonkeyPatch, count: int, expected: str) -> None:
    monkeypatch.setattr(model_module, "cuda_count", lambda: count)
    assert resolve_device("auto") == expected


def test_precision_is_a_choice_of_the_cpu_only(
    monkeypatch: pytest.MonkeyPatch, published_tiny_model: TinyModel
) -> None:
    monkeypatch.setattr(model_module, "cuda_count", lambda: 1)
    with pytest.raises(UsageError, match="on the CPU only"):
        load_model(published_tiny_model.folder, device="cuda:0", precision="bf16")


def test_bf16_on_a_processor_without_it_is_a_device_error() -> None:
    class PlainProcessor:
        def get_property(self, device: str, name: str) -> list[str]:
            return ["FP32"] if (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES") else []

    assert chosen_precision(PlainProcessor(), "auto") == "f32"
    with pytest.raises(DeviceError, match="precision auto or f32"):
        chosen_precision(PlainProcessor(), "bf16")


def test_an_unknown_precision_is_a_usage_error(published_tiny_model: TinyModel) -> None:
    with pytest.raises(UsageError, match="auto, f32, bf16"):
        load_model(published_tiny_model.folder, device="cpu", precision="int8")


@pytest.mark.skipif(any(mark.exists() for mark in model_module.NVIDIA_MARKS), reason="an NVIDIA driver is present")
def test_without_an_nvidia_driver_loading_imports_no_torch_and_no_telemetry(published_tiny_model: TinyModel) -> None:
    script = (
        "import sys, pathlib; from liver_mre.liver.network import load_model;"
        "load_model(pathlib.Path(sys.argv[1]));"
        "print([m for m in sys.modules if m == 'torch' or m.startswith('openvino_telemetry')])"
    )
    home = published_tiny_model.folder.parent / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", script, str(published_tiny_model.folder)],
        check=True,
        capture_output=True,
        text=True,
        env={"HOME": str(home), "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
    assert not list(home.iterdir()), "loading a model leaves no file behind"


def edit_export(folder: Path, **changes: object) -> None:
    path = folder / "exported" / "export.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def replace_file(folder: Path, key: str, content: bytes) -> None:
    """Replace an exported file and record it: a consistent export of something else."""
    files = json.loads((folder / "exported" / "export.json").read_text())["files"]
    path = folder / "exported" / files[key]["path"]
    path.write_bytes(content)
    files[key]["sha256"] = hashlib.sha256(content).hexdigest()
    edit_export(folder, files=files)
