"""The quality networks, compiled from one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from liver_mre.errors import MemoryShortageError, ModelError
from liver_mre.liver.card import Card, card_fields, parse_weights, read_card
from liver_mre.liver.network import CPU_FILES, checked_files
from liver_mre.liver.openvino_backend import import_openvino
from liver_mre.liver.processors import usable_processors
from liver_mre.quality.image import QUALITY_CHANNELS, SIZE
from liver_mre.quality.verdict import CAUSES, OUTPUTS
from liver_mre.studies.memory import memory_ran_out

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from liver_mre.liver.mask import ModelIdentity

OF_THE_EXAM: Final = ("stranger",)
"""Outputs per slice that are averaged over the exam: out of domain."""
_WHERE: Final = "quality model's card.json"


@dataclass(frozen=True, slots=True)
class QualityCard(Card):
    """Card of the quality networks: `members` of them vote, and one weights file holds them all."""

    members: int


@dataclass(frozen=True, slots=True)
class QualityModel:
    """The loaded networks with their card and identity."""

    card: QualityCard
    identity: ModelIdentity
    compiled: Any

    def logits(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (S, members, `OUTPUTS`) logits of slices (S, 7, h, w) as `quality_images` makes them."""
        if images.ndim != 4 or images.shape[1:] != (len(QUALITY_CHANNELS), *SIZE):  # noqa: PLR2004 - the axes S, C, h, w
            message = f"images of shape {images.shape} where (S, {len(QUALITY_CHANNELS)}, {SIZE[0]}, {SIZE[1]}) are due"
            raise ValueError(message)
        request = self.compiled.create_infer_request()
        request.infer({0: np.ascontiguousarray(images, np.float32)})
        return np.array(request.get_output_tensor(0).data, np.float32)


def load_quality_model(folder: Path, threads: int | None = None) -> QualityModel:
    """Check the networks' files and compile them for the CPU, which is faster than a GPU for networks this small.

    Parameters
    ----------
    folder : folder of `card.json` and `exported/`
    threads : threads of inference; None for as many processors as this process may use

    Raises
    ------
    ModelError
        If a file is missing, damaged or of another kind.
    MemoryShortageError
        If there is too little memory for the networks.
    """
    card = load_quality_card(folder)
    xml, weights = checked_files(folder, card, CPU_FILES)
    openvino: Any = import_openvino()
    config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads or usable_processors()}
    try:
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(xml, weights), "CPU", config)
    except RuntimeError as error:
        if memory_ran_out(error):
            raise MemoryShortageError from error
        message = "OpenVINO cannot use the exported quality model. Run `make model` to export it again."
        raise ModelError(message) from error
    shape = compiled.output(0).partial_shape
    if len(shape) != 3 or [str(shape[1]), str(shape[2])] != [str(card.members), str(OUTPUTS)]:  # noqa: PLR2004
        message = "The exported quality model does not give one vote and its causes a network. Run `make model`."
        raise ModelError(message)
    return QualityModel(card, card.identity("openvino", "f32"), compiled)


def load_quality_card(folder: Path) -> QualityCard:
    """Read the card of the networks' folder.

    Raises
    ------
    ModelError
        If it is missing or unreadable, or describes networks that this application cannot feed.
    """
    missing = (
        "The folder of the quality networks holds no card.json. Check the setting quality_dir, or leave it "
        "empty to let physics alone judge."
    )
    return parse_quality_card(read_card(folder, _WHERE, missing=missing))


def parse_quality_card(content: object) -> QualityCard:
    """Return a card from parsed JSON.

    Raises
    ------
    ModelError
        If a field is missing or mistyped, or input or output are not of the kind that this application knows.
    """
    fields = card_fields(content, _WHERE)
    network_input, output = fields.part("input"), fields.part("output")
    if network_input.texts("channels") != QUALITY_CHANNELS or network_input.numbers("size", 2) != SIZE:
        fields.refuse("describes another input than this application makes")
    if output.texts("causes") != tuple(str(cause) for cause in CAUSES):
        fields.refuse("names other causes than this application knows")
    if output.texts("of_the_exam") != OF_THE_EXAM:
        fields.refuse("says other things about an exam than this application knows")
    members = fields.part("architecture").number("members")
    weights = parse_weights(fields.part("weights"))
    return QualityCard(fields.text("name"), fields.text("version"), weights, int(members))
