"""Report content of a small, simulated Siemens-like exam, with the headers of its source images."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from liver_mre.liver.mask import LiverMask, ModelIdentity
from liver_mre.measurement.change import Prior, change_since
from liver_mre.measurement.interval import interval_of
from liver_mre.measurement.interval_file import load_calibrations
from liver_mre.measurement.measure import measure
from liver_mre.measurement.profile_file import load_profile
from liver_mre.measurement.region import find_region
from liver_mre.measurement.region_rules import RegionRules
from liver_mre.measurement.staging import stage
from liver_mre.method.not_evaluable import because_of_quality
from liver_mre.quality.verdict import AcquisitionQuality, Cause, Check, SliceQuality
from liver_mre.report.content import ReportContent
from liver_mre.results.finding import MeasuredFinding, NotEvaluableFinding, Provenance, SeriesIdentity
from liver_mre.series.acquisition import UnitEvidence
from liver_mre.stiffness.volume import StiffnessVolume
from liver_mre.workflow.outcome import Reason
from tests.report.header_factory import COLUMNS, ROWS, SPACING_MM, image_of, source_headers, source_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SLICES = 4
CREATED = datetime(2025, 3, 4, 10, 20, 30, 123456, tzinfo=UTC)
MODEL = ModelIdentity("liver-unet", "1.2.0", "ab" * 32, "openvino", "bf16")
QUALITY_MODEL = ModelIdentity("quality-control", "0.3.0", "cd" * 32, "openvino", "f32")
NOT_MEASURABLE = Reason("no_confident_liver", "No pixel of the liver has at least 95 % confidence.")


SERIES = SeriesIdentity("1.2.826.0.1.3680043.8.498.7", 7, "mre_Stiff")
PROVENANCE = {field.name for field in fields(Provenance)}


@dataclass(frozen=True, slots=True)
class Exam(ReportContent):
    """Report content with the headers of its slices, which results are compared with."""

    headers: tuple[Dataset, ...] = ()


CONTENT = {field.name for field in fields(Exam)}


@dataclass(frozen=True, slots=True)
class Arrays:
    """Stiffness, confidence and liver of the exam, each (S, R, C)."""

    stiffness_kpa: NDArray[np.float32]
    confident: NDArray[np.bool_]
    liver: NDArray[np.bool_]


def make_arrays(mean_kpa: float = 3.4, *, seed: int = 0) -> Arrays:
    """Make an elliptic body with a liver whose measurable part differs from slice to slice."""
    generator = np.random.default_rng(seed)
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    slice_index = np.arange(SLICES)[:, None, None]
    body = np.broadcast_to(_ellipse(row, column, (51, 64), (46, 60)), (SLICES, ROWS, COLUMNS))
    liver = _ellipse(row, column, (46, 40), (28 - 2 * slice_index, 26 - slice_index))
    confident = _ellipse(row, column, (42 + slice_index, 34), (17, 17)) & body
    stiffness = np.where(liver, mean_kpa, 2.0) + generator.normal(0.0, 0.3, body.shape)
    return Arrays(np.where(body, stiffness, 0.0).astype(np.float32), confident, liver)


def make_content(arrays: Arrays | None = None, *, order: Sequence[int] | None = None, simulated: bool = True) -> Exam:
    """Make the content of a measured exam.

    Parameters
    ----------
    arrays : the exam's arrays, `make_arrays()` by default
    order : anatomical slice that comes at each place, ascending by default; arrays stay as they are
    simulated : whether the headers say that the images are simulated
    """
    arrays = arrays or make_arrays()
    order = range(SLICES) if order is None else order
    headers = source_headers(order, simulated=simulated)
    volume = StiffnessVolume(
        stiffness_kpa=arrays.stiffness_kpa,
        valid=arrays.stiffness_kpa > 0,
        confident=arrays.confident,
        instances=tuple(image_of(header) for header in headers),
        pixel_spacing_mm=SPACING_MM,
    )
    mask = LiverMask(arrays.liver, MODEL)
    measurement = measure(volume, mask)
    assert measurement is not None
    unit = UnitEvidence(0.01, 0.0, "vendor_rule", "Siemens: 1 count is 10 Pa")
    finding = MeasuredFinding(
        SERIES,
        Provenance(unit, mask.model),
        measurement,
        stage(measurement.mean_kpa, load_profile("resoundant_2019")),
    )
    return Exam(
        finding=finding,
        volume=volume,
        mask=mask,
        source=source_of(headers[0]),
        headers=headers,
        application_version="1.0.0",
        tracking_uid=generate_uid(),
        created=CREATED,
    )


def changed(content: Exam, **changes: Any) -> Exam:
    """Return the content with other values of its own, of its finding or of its provenance.

    A measurement of None makes the finding not evaluable, for the `reason` given.
    """
    finding = content.finding
    provenance = {key: changes.pop(key) for key in list(changes) if key in PROVENANCE}
    own = {key: changes.pop(key) for key in list(changes) if key in CONTENT}
    if changes.get("measurement", finding) is None or isinstance(finding, NotEvaluableFinding):
        quality = changes.pop("quality", finding.quality)
        reason = changes.pop("reason", finding.reason)
        finding = NotEvaluableFinding(finding.series, finding.provenance, reason, quality)
    else:
        finding = replace(finding, **changes)
    finding = replace(finding, provenance=replace(finding.provenance, **provenance))
    return replace(content, finding=finding, **own)


def with_headers(exam: Exam, headers: Sequence[Dataset], *, keep: bool = False) -> Exam:
    """Return the exam as it is read from other headers of its slices; `keep` keeps its instances."""
    images = exam.volume.instances if keep else tuple(map(image_of, headers))
    volume = replace(exam.volume, instances=images)
    return replace(exam, volume=volume, source=source_of(headers[0]), headers=tuple(headers))


def make_doubtful(mean_kpa: float = 2.85) -> Exam:
    """Make the content of an exam with an interval across cut-offs, areas left out and a change since a prior."""
    content = make_content(make_arrays(mean_kpa))
    rules = RegionRules(edge_mm=5.0, soft_share=0.0, bright_share=0.0, hot_share=0.0)
    region = find_region(content.volume, content.mask, rules)
    measured = measure(content.volume, content.mask, region.pixels)
    assert measured is not None
    interval = interval_of(measured.mean_kpa, 0.05, 0.02, load_calibrations()[0])
    prior = Prior(2.3, "20240301", "101500", ("liver-mre 0.0.9",), "1.2.3.4", "1.2.3")
    return changed(
        content,
        measurement=replace(measured, interval=interval, removed=region.removed),
        staging=stage(measured.mean_kpa, load_profile("resoundant_2019"), interval),
        change=change_since(prior, measured.mean_kpa, ("liver-mre 1.0.0",)),
        pixels=region.pixels,
    )


def make_quality(
    *, lost: Mapping[int, Cause] | None = None, votes: int | None = 8, odd: Collection[int] = (1,)
) -> AcquisitionQuality:
    """Make the quality of the exam.

    Parameters
    ----------
    lost : slices that are not diagnostic, and why; by default slice 2, for breathing
    votes : how many of 8 networks call the other slices diagnostic; None where no networks judged
    odd : slices with a failed check
    """
    lost = {2: Cause.BREATHING} if lost is None else lost
    slices = []
    for index in range(SLICES):
        cause = lost.get(index)
        agreed = None if votes is None else (1 if cause else votes)
        slices.append(
            SliceQuality(
                index,
                cause is None,
                None if agreed is None else agreed / 8,
                None if agreed is None else (agreed, 8),
                cause,
                (
                    Check("confident_liver", 42.5, "cm2", 3.0, None, passed=True),
                    Check("wave_snr", 2.5 if index in odd else 9.0, "1", 3.0, None, passed=index not in odd),
                    Check("wave_amplitude", math.nan, "rad", 0.1, None, passed=None),
                ),
            )
        )
    return AcquisitionQuality(
        tuple(slices), (Check("slice_agreement", 0.07, "1", None, 0.2, passed=True),), (), "network and physics"
    )


def make_judged(quality: AcquisitionQuality | None = None, *, model: ModelIdentity | None = QUALITY_MODEL) -> Exam:
    """Make the content of an exam with slices excluded by quality control."""
    content, quality = make_doubtful(3.4), quality or make_quality()
    pixels = content.measured_pixels.copy()
    pixels[list(quality.excluded)] = False
    measured = measure(content.volume, content.mask, pixels)
    assert measured is not None
    return changed(content, measurement=measured, pixels=pixels, quality=quality, quality_model=model)


def make_failed(*, out_of_domain: tuple[str, ...] = ()) -> Exam:
    """Make the content of an exam refused by quality control: for breathing, or as out of domain."""
    quality = make_quality(lost={} if out_of_domain else dict.fromkeys(range(SLICES), Cause.BREATHING))
    quality = replace(quality, out_of_domain=out_of_domain)
    return changed(
        make_judged(),
        measurement=None,
        pixels=None,
        quality=quality,
        reason=because_of_quality(quality),
    )


def make_not_evaluable(*, liver: bool = True) -> Exam:
    """Make the content of an exam without confident pixels, with or without predicted liver."""
    arrays = make_arrays()
    nothing = np.zeros_like(arrays.liver)
    content = make_content(replace(arrays, confident=arrays.liver))
    return changed(
        content,
        volume=replace(content.volume, confident=nothing),
        mask=replace(content.mask, liver=arrays.liver if liver else nothing),
        measurement=None,
        reason=NOT_MEASURABLE,
    )


def write(datasets: Sequence[Dataset], folder: Path) -> list[Path]:
    """Write objects as files named by modality and place."""
    paths = []
    for index, dataset in enumerate(datasets):
        path = folder / f"{dataset.Modality}_{index}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def source_images(content: Exam) -> list[Dataset]:
    """Return the source images with their pixels."""
    images = []
    for header, stiffness in zip(content.headers, content.volume.stiffness_kpa, strict=True):
        image = Dataset(header)
        image.PixelData = np.round(stiffness * 100).astype("<u2").tobytes()
        image["PixelData"].VR = "OW"
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        images.append(image)
    return images


def segment_pixels(content: Exam, frame: Dataset) -> NDArray[np.bool_]:
    """Return the mask (S, R, C) of the segment to which a frame belongs."""
    (segment,) = frame.SegmentIdentificationSequence
    return {1: content.mask.liver, 2: content.measured_pixels}[segment.ReferencedSegmentNumber]


def fill(outline: NDArray[np.number], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the pixels enclosed by an outline along pixel edges: each vertical edge flips all pixels on its right."""
    filled = np.zeros(shape, np.bool_)
    for (column, row), (_, next_row) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        top, bottom = sorted((int(row), int(next_row)))
        filled[top:bottom, int(column) :] ^= True
    return filled


def _ellipse(
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    centre: tuple[float | NDArray[np.int64], float],
    radii: tuple[float | NDArray[np.int64], float | NDArray[np.int64]],
) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (((row - centre[0]) / radii[0]) ** 2 + ((column - centre[1]) / radii[1]) ** 2) < 1.0
    return inside
