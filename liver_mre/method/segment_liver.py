"""Steps: prepare the network's input, then segment the liver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from liver_mre.liver.framing import available_channels, native_mask, network_input, view_of
from liver_mre.liver.mask import LiverMask
from liver_mre.method.stages import Prepared, Segmented

if TYPE_CHECKING:
    from liver_mre.method.stages import Loaded
    from liver_mre.method.toolkit import Toolkit

OTHER_THRESHOLDS: Final = (0.25, 0.75)
"""Probability thresholds of the alternative outlines; the interval was calibrated with the same."""


def prepare_input(loaded: Loaded, toolkit: Toolkit) -> Prepared:
    """Crop, window and resize the images for the network."""
    card, volume = toolkit.model.card, loaded.volume
    view = view_of(volume, card.field_of_view_mm)
    batch = network_input(volume, channels=card.channels, window_kpa=card.window_kpa, size=card.size, view=view)
    return loaded.to(Prepared, network_input=batch, network_channels=available_channels(volume, card.channels))


def segment_liver(prepared: Prepared, toolkit: Toolkit) -> Segmented:
    """Segment the liver and resample it to the pixel grid of the stiffness series."""
    model, volume = toolkit.model, prepared.volume
    probability = model.predict(prepared.network_input)
    rows, columns = volume.stiffness_kpa.shape[1:]
    view = view_of(volume, model.card.field_of_view_mm)
    liver, *others = (
        native_mask(probability, (rows, columns), threshold=threshold, view=view)
        for threshold in (model.card.threshold, *OTHER_THRESHOLDS)
    )
    return prepared.to(Segmented, mask=LiverMask(liver, model.identity, tuple(others)))
