"""The scanner's stiffness map in kPa and its confidence, on the scanner's pixel grid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from liver_mre.errors import ContradictoryImagesError, NoConfidenceError
from liver_mre.series.stack import order_slices
from liver_mre.stiffness.assembly import assemble
from liver_mre.stiffness.companions import MAX_FILLED, check_unmasked, with_companions
from liver_mre.stiffness.confidence_map import read_confidence
from liver_mre.stiffness.masking import Masking, close_hatch, judge_masking
from liver_mre.stiffness.pixel_evidence import without_impossible_pixels
from liver_mre.stiffness.plausibility import check_body_stiffness
from liver_mre.stiffness.raw_copies import RawImages
from liver_mre.stiffness.stiffness_twins import check_twin
from liver_mre.stiffness.stored_evidence import check_signs, check_variety
from liver_mre.studies.decoding import read_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from liver_mre.series.acquisition import Acquisition, ScannerMaps, UnitEvidence
    from liver_mre.stiffness.volume import StiffnessVolume
    from liver_mre.studies.decoding import Image
    from liver_mre.studies.study import Instance

_NAME: Final = "stiffness series"
_HATCH_CLOSED: Final = (
    "The mask of the elastogram is drawn as hatch lines; they were closed, so that nothing between them is measured."
)
_MASK_DETECTED: Final = (
    "The header does not say whether the elastogram is masked at 95 % confidence; its pixels show it."
)


def read_scanner_maps(
    maps: ScannerMaps, acquisition: Acquisition, *, confidence_threshold: float = 0.95, companions: bool = False
) -> StiffnessVolume:
    """Read the scanner's stiffness and its confidence, and companions on the same slices.

    Parameters
    ----------
    maps : the scanner's maps
    acquisition : the acquisition that they belong to
    confidence_threshold : smallest confidence (0 to 1) of a confident pixel, for separate confidence maps; the scanner
        masks a masked series at 95 %
    companions : also give the magnitude and the unmasked stiffness, which are input of the network and never measured;
        an unmasked stiffness is always compared

    Returns
    -------
    StiffnessVolume
        Slices ordered along the slice normal, whatever the order or number of files or frames, with the contour drawn
        at the scanner, if any, and notes on findings in the pixels.

    Raises
    ------
    GeometryError
        The series is not one stack on one plausible grid, or the confidence map has another grid.
    MissingSlicesError
        There is a gap between the slices, or the confidence map lacks a slice.
    NoConfidenceError
        The pixels of a series labelled as masked are not masked, or it is not clear whether they are.
    UnknownUnitError
        The unit comes from a real world value mapping that does not cover all pixels.
    ImplausibleStiffnessError
        The pixels cannot belong to an abdomen in the unit that was found.
    ContradictoryImagesError
        The pixels of a slice are not those of an elastogram, or another image of the acquisition contradicts them.
    LossyPixelsError
        The pixels were compressed with loss.
    TruncatedFileError
        A file is cut off or its pixels cannot be decoded.
    """
    instances = order_slices(maps.stiffness.instances)
    images = read_images(instances)
    stored = np.stack([image.stored for image in images])
    check_signs(stored, instances, _NAME)
    check_variety(stored, instances, _NAME)
    notes: list[str] = []
    if maps.masked is not False:
        stored = _unhatched(stored, notes)
    row_mm, column_mm = cast("tuple[float, float]", instances[0].pixel_spacing_mm)
    masking = judge_masking(stored > 0, row_mm * column_mm / 100.0)
    filled = bool((stored > 0).mean(axis=(1, 2)).max() > MAX_FILLED)  # a slice also in the air, as phases do
    raw = RawImages(acquisition)
    raw.check_none_in(stored, _NAME, phases=filled)
    confidence = read_confidence(maps, instances, stored, raw)
    if confidence is None:
        _check_masked(maps, acquisition.notes, masking, notes)
        _check_every_slice_masked(stored > 0, row_mm * column_mm / 100.0)
    volume = assemble(
        stored,
        instances,
        maps.unit,
        per_slice=_slice_units(maps, instances),
        confidence=confidence,
        confidence_threshold=confidence_threshold,
    )
    check_body_stiffness(volume.stiffness_kpa[volume.valid], maps.unit, masked=masking is not Masking.UNMASKED)
    contour = _contour(images, notes)
    # A stiffness series that comes with a confidence map can be masked, too.
    masked = volume.masked or masking is Masking.MASKED
    volume = replace(volume, scanner_contour=contour, notes=tuple(notes), masked=masked)
    volume = without_impossible_pixels(volume)
    check_twin(volume, maps)
    return with_companions(volume, acquisition) if companions else check_unmasked(volume, acquisition)


def _slice_units(maps: ScannerMaps, instances: tuple[Instance, ...]) -> tuple[UnitEvidence, ...] | None:
    """Return the units of the ordered slices; None where all have the same."""
    if not maps.slice_units:
        return None
    by_image = dict(zip(maps.stiffness.instances, maps.slice_units, strict=True))
    return tuple(by_image[instance] for instance in instances)


def _unhatched(stored: NDArray[np.integer], notes: list[str]) -> NDArray[np.integer]:
    measured, hatched = close_hatch(stored)
    if not hatched:
        return stored
    notes.append(_HATCH_CLOSED)
    return np.where(measured, stored, np.zeros_like(stored))


def _check_masked(maps: ScannerMaps, known: tuple[str, ...], masking: Masking, notes: list[str]) -> None:
    """Without a confidence map, compare the headers' statement on the mask with the pixels."""
    if maps.masked is False:
        raise NoConfidenceError
    if maps.masked and masking is Masking.UNMASKED:
        msg = (
            "The stiffness series is labelled as masked at 95 % confidence, but its pixels cover the whole body "
            "without holes. Nothing was measured: send the masked series, or the confidence map of the same slices."
        )
        raise NoConfidenceError(msg)
    if maps.masked:
        return
    if masking is not Masking.MASKED:
        pixels = "do not show it clearly" if masking is Masking.UNCLEAR else "show that it is not"
        msg = (
            "Nothing in the header says whether the stiffness series is masked at 95 % confidence, and its pixels "
            f"{pixels}. Nothing was measured: send the series with its description, or its confidence map."
        )
        raise NoConfidenceError(" ".join((msg, *known)))
    notes.append(_MASK_DETECTED)


def _check_every_slice_masked(measured: NDArray[np.bool_], pixel_area_cm2: float) -> None:
    kinds = [judge_masking(one[np.newaxis], pixel_area_cm2) for one in measured]
    if Masking.MASKED in kinds and Masking.UNMASKED in kinds:
        msg = (
            f"Slice {kinds.index(Masking.UNMASKED) + 1} of the masked stiffness covers the whole body without holes, "
            "and other slices do not, so one of them was changed. Nothing was measured; send the series again."
        )
        raise ContradictoryImagesError(msg)


def _contour(images: list[Image], notes: list[str]) -> NDArray[np.bool_] | None:
    """Return the contours drawn at the scanner, (S, R, C); None where no image has one."""
    if damaged := sum(image.overlay_damaged for image in images):
        notes.append(f"Overlays of {damaged} of {len(images)} stiffness images cannot be read and were left out.")
    if all(image.contour is None for image in images):
        return None
    return np.stack(
        [np.zeros(image.stored.shape, np.bool_) if image.contour is None else image.contour for image in images]
    )
