"""Modifiers: what happens to a study before it arrives, such as a repeat, new names, anonymisation or another order.

They do not depend on the scanner and can be combined. Scan modifiers change what is acquired, plan modifiers what is
written. They follow what hospitals are known to send; details are this project's own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.encodings.geometry import oblique_rotation, outline, rotated
from simulation.encodings.parts import T2_SEQUENCE
from simulation.encodings.series_names import SERIES_NAMES
from simulation.encodings.types import AXIAL, Form, Image, Placement, Scan, SeriesKind, SeriesPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulation.encodings.types import StudyPlan
    from simulation.types import SimulatedExam

    ScanModifier = Callable[[tuple[Scan, ...]], tuple[Scan, ...]]
    PlanModifier = Callable[[StudyPlan], StudyPlan]

WEAK: Final = 0.15
"""Amplitude left by a driver with a loose tube."""
WEAK_CONFIDENCE: Final = 0.955
"""Factor on the confidence of a failed acquisition, so that hardly any pixel reaches 95 %."""
EPI_CONFIDENCE: Final = 0.99
"""Factor on the confidence of the second sequence, so that the two acquisitions differ in measured area."""
CROWD: Final = (20, 100)
"""Number of unrelated series, and of images in each."""
CROWD_PIXELS: Final = 8
LARGEST_SIGNED: Final = 32767


def _repeat(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    """Add a failed acquisition before each: the driver hardly moved, so almost no pixel is confident."""
    return _numbered([each for scan in scans for each in (replace(scan, exam=_weakened(scan.exam)), scan)])


def _gre_and_epi(scans: tuple[Scan, ...]) -> tuple[Scan, ...]:
    """Add an acquisition by the other sequence, with the same anatomy and stiffness and slightly lower confidence."""
    other = {"gre": "epi", "epi": "gre"}
    added = []
    for scan in scans:
        exam = replace(scan.exam, confidence=scan.exam.confidence * np.float32(EPI_CONFIDENCE))
        added.append(replace(scan, exam=exam, sequence=other[scan.sequence]))
    return _numbered([*scans, *added])


def _numbered(scans: list[Scan]) -> tuple[Scan, ...]:
    return tuple(replace(scan, number=number) for number, scan in enumerate(scans, start=1))


def _weakened(exam: SimulatedExam) -> SimulatedExam:
    grain = np.random.default_rng(exam.seed).normal(1.0, 0.25, exam.stiffness_kpa.shape)
    return replace(
        exam,
        wave_um=exam.wave_um * np.float32(WEAK),
        phase_rad=exam.phase_rad * np.float32(WEAK),
        stiffness_kpa=(exam.stiffness_kpa * np.clip(grain, 0.3, None)).astype(np.float32),
        confidence=exam.confidence * np.float32(WEAK_CONFIDENCE),
    )


def _anonymised(plan: StudyPlan) -> StudyPlan:
    """Remove descriptions, protocol names, comments and private elements, as basic confidentiality profiles do."""
    bare = _with_series(plan, lambda one: replace(one, description="", protocol="", comments="", private_name=""))
    return replace(bare, description="", anonymised=True)


def _renamed(plan: StudyPlan, *, names: Mapping[SeriesKind, str]) -> StudyPlan:
    """Replace the descriptions of the elastography's series."""
    return _with_series(
        plan,
        lambda one: replace(one, description=names[one.kind], protocol="Abdomen") if one.kind in names else one,
    )


def _breath_holds(plan: StudyPlan) -> StudyPlan:
    """Store every slice of the elastography as its own series."""
    found: list[SeriesPlan] = []
    for series in plan.series:
        if not series.acquisition:
            found.append(series)
            continue
        levels = sorted({image.level for image in series.images if image.level is not None})
        for hold, level in enumerate(levels, start=1):
            images = tuple(image for image in series.images if image.level == level)
            found.append(replace(series, number=100 * series.number + hold, images=images))
    return replace(plan, series=tuple(found))


def _shuffled(plan: StudyPlan) -> StudyPlan:
    """Shuffle images and files; where the order of images matters, files alone."""
    rng = np.random.default_rng(plan.exam.seed)

    def shuffled(series: SeriesPlan) -> SeriesPlan:
        order = rng.permutation(len(series.images))
        return series if series.order_matters else replace(series, images=tuple(series.images[i] for i in order))

    return replace(_with_series(plan, shuffled), shuffled_names=True)


def _oblique(plan: StudyPlan) -> StudyPlan:
    """Rotate all images with known geometry."""
    rotation = oblique_rotation()

    def oblique(image: Image) -> Image:
        placed = image.placement.position_mm != (0.0, 0.0, 0.0)
        return replace(image, placement=rotated(image.placement, rotation)) if placed else image

    return _with_series(plan, lambda one: replace(one, images=tuple(map(oblique, one.images))))


def _feet_first(plan: StudyPlan) -> StudyPlan:
    """Position the patient feet first: patient coordinates stay, slices are numbered in reverse."""

    def reversed_slices(series: SeriesPlan) -> SeriesPlan:
        if series.order_matters:
            return series
        slices = [list(images) for _, images in groupby(series.images, key=lambda image: image.placement.position_mm)]
        return replace(series, images=tuple(image for images in reversed(slices) for image in images))

    return replace(_with_series(plan, reversed_slices), patient_position="FFS")


def _with_contour(plan: StudyPlan) -> StudyPlan:
    """Draw the true outline of the liver on classic stiffness maps, as overlay group 6000."""
    liver = plan.exam.truth.liver

    def drawn(image: Image) -> Image:
        if image.level is None:
            return image
        return replace(image, contour=outline(liver[image.level], image.stored.shape))

    def with_contours(series: SeriesPlan) -> SeriesPlan:
        if series.kind not in {SeriesKind.STIFFNESS, SeriesKind.STIFFNESS_MASKED} or series.form is not Form.CLASSIC:
            return series
        return replace(series, images=tuple(map(drawn, series.images)))

    return _with_series(plan, with_contours)


def _signed(plan: StudyPlan) -> StudyPlan:
    """Store all grey-scale images as signed 16-bit numbers."""

    def signed(series: SeriesPlan) -> SeriesPlan:
        if series.form is Form.SECONDARY_CAPTURE:
            return series
        images = tuple(
            replace(one, stored=np.minimum(one.stored, LARGEST_SIGNED).astype(np.int16)) for one in series.images
        )
        return replace(series, bits=16, signed=True, images=images)

    return _with_series(plan, signed)


def _crowded(plan: StudyPlan) -> StudyPlan:
    """Add unrelated dynamic series of tiny images."""
    placement = Placement((-150.0, -150.0, 0.0), AXIAL, (40.0, 40.0), 3.0)
    pixels = np.arange(CROWD_PIXELS**2, dtype=np.uint16).reshape(CROWD_PIXELS, CROWD_PIXELS)
    series_count, image_count = CROWD
    crowd = [
        SeriesPlan(
            kind=SeriesKind.UNRELATED,
            number=9000 + number,
            description=f"t1_vibe_dyn_{number:02d}",
            protocol="t1_vibe_dyn",
            image_type=("ORIGINAL", "PRIMARY", "M", "ND"),
            sequence=T2_SEQUENCE,
            images=tuple(
                Image(pixels, replace(placement, position_mm=(-150.0, -150.0, 3.0 * level)), 7200.0 + 20.0 * number)
                for level in range(image_count)
            ),
            window=(32.0, 64.0),
        )
        for number in range(1, series_count + 1)
    ]
    return replace(plan, series=(*plan.series, *crowd))


def _with_series(plan: StudyPlan, change: Callable[[SeriesPlan], SeriesPlan]) -> StudyPlan:
    return replace(plan, series=tuple(map(change, plan.series)))


SCAN_MODIFIERS: Final[Mapping[str, ScanModifier]] = {"repeat": _repeat, "gre+epi": _gre_and_epi}
PLAN_MODIFIERS: Final[Mapping[str, PlanModifier]] = {
    "anonymised": _anonymised,
    **{name: partial(_renamed, names=names) for name, names in SERIES_NAMES.items()},
    "breath-holds": _breath_holds,
    "shuffled": _shuffled,
    "oblique": _oblique,
    "feet-first": _feet_first,
    "with-contour": _with_contour,
    "signed": _signed,
    "crowded": _crowded,
}
MODIFIERS: Final = (*SCAN_MODIFIERS, *PLAN_MODIFIERS)
"""Names of all modifiers, as on the command line."""
