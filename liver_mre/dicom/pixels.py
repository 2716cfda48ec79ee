"""The pixels of the selected series as stiffness in kPa, on the scanner's own grid."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

import numpy as np

from liver_mre.core.assembly import assemble
from liver_mre.core.geometry import SAME_POSITION_MM, order_slices, slice_distance_mm
from liver_mre.dicom.files import open_dicom
from liver_mre.errors import GeometryError, MissingSlicesError, TruncatedFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import FileDataset

    from liver_mre.core.study import Instance, Selection, Series
    from liver_mre.core.volume import StiffnessVolume


def load_volume(selection: Selection, *, confidence_threshold: float = 0.95) -> StiffnessVolume:
    """Read the pixels of the selected series.

    Parameters
    ----------
    selection : what is measured
    confidence_threshold : least confidence (0 to 1) of a confident pixel. It applies to a separate confidence map; a
        masked series was masked at 95 % by the scanner.

    Returns
    -------
    StiffnessVolume
        Slices ordered along the slice normal, whatever the order or number of the files.

    Raises
    ------
    GeometryError
        The series is not one stack on one plausible grid, or the confidence map has another grid.
    MissingSlicesError
        There is a gap between the slices, or the confidence map lacks a slice.
    UnknownUnitError
        The unit is that of a real world value mapping which does not hold for all pixels.
    TruncatedFileError
        A file is cut off or its pixels cannot be decoded.
    """
    instances = order_slices(selection.stiffness.instances)
    confidence = None
    if selection.confidence is not None and selection.confidence_per_count is not None:
        maps = _same_slices(selection.confidence, instances)
        confidence = _read_stack(maps).astype(np.float32) * np.float32(selection.confidence_per_count)
    return assemble(
        _read_stack(instances),
        instances,
        selection.unit,
        confidence=confidence,
        confidence_threshold=confidence_threshold,
    )


def _same_slices(series: Series, instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """Return the instances of the confidence map at the positions of the stiffness slices, in their order."""
    return tuple(_at(series, cast("float", slice_distance_mm(instance))) for instance in instances)


def _at(series: Series, distance_mm: float) -> Instance:
    here = [
        candidate
        for candidate in series.instances
        if (d := slice_distance_mm(candidate)) is not None and abs(d - distance_mm) < SAME_POSITION_MM
    ]
    if not here:
        msg = "The confidence map lacks a slice of the stiffness series. Send the complete series again."
        raise MissingSlicesError(msg)
    if len(here) > 1:
        msg = "Two images of the confidence map lie at the same position, so it is not clear which to use."
        raise GeometryError(msg)
    return here[0]


def _read_stack(instances: tuple[Instance, ...]) -> NDArray[np.generic]:
    slices = [_read_pixels(instance) for instance in instances]
    if len({pixels.shape for pixels in slices}) > 1:
        msg = "The images of a series differ in size. Nothing was measured."
        raise GeometryError(msg)
    return np.stack(slices)


def _read_pixels(instance: Instance) -> NDArray[np.generic]:
    """Read the stored values of one instance, (R, C); padding becomes 0, which means "not measured"."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's word on odd but decodable files is of no use to a reader
            dataset = open_dicom(instance.source, stop_before_pixels=False)
            _check_encapsulation(dataset)
            pixels = cast("NDArray[np.generic]", dataset.pixel_array)
        padding = dataset.get("PixelPaddingValue")
    # pydicom and its decoders raise almost anything on damaged pixels; the cause stays attached.
    except Exception as error:
        msg = (
            f"The pixels of instance {instance.sop_instance_uid} cannot be read: the file is truncated, or its "
            "transfer syntax cannot be decoded. Send the series again."
        )
        raise TruncatedFileError(msg) from error
    return pixels if padding is None else np.where(pixels == padding, np.zeros_like(pixels), pixels)


def _check_encapsulation(dataset: FileDataset) -> None:
    """Refuse compressed pixels under an uncompressed transfer syntax: they would be read as if they were values."""
    if dataset["PixelData"].is_undefined_length and not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        msg = "the pixels are compressed, but the transfer syntax is not"
        raise ValueError(msg)
