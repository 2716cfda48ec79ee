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
from simulation.encodings.types import Form, Image, Kind, Placement, Scan, SeriesPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulation.encodings.types import StudyPlan
    from simulation.types import SimulatedExam

    ScanModifier = Callable[[tuple[Scan, ...]], tuple[Scan, ...]]
    PlanModifier = Callable[[StudyPlan, SimulatedExam], StudyPlan]

WEAK: Final = 0.15
"""Amplitude left by a driver with a loose tube."""
WEAK_CONFIDENCE: Final = 0.955
"""Factor on the confidence of a failed run, after which 95 % is reached nearly unknown_placement."""
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


def _anonymised(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Remove descriptions, protocol names, comments and private elements, as basic confidentiality profiles do."""
    del exam
    bare = [replace(one, description="", protocol="", comments="", private_name="") for one in plan.series]
    return replace(plan, series=tuple(bare), description="", anonymised=True)


def _renamed(plan: StudyPlan, exam: SimulatedExam, *, names: Mapping[Kind, str]) -> StudyPlan:
    """Replace the descriptions of the elastography's series."""
    del exam
    named = [
        replace(one, description=names[one.kind], protocol="Abdomen") if one.kind in names else one
        for one in plan.series
    ]
    return replace(plan, series=tuple(named))


def _breath_holds(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Store every slice of the elastography as its own series."""
    del exam
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


def _shuffled(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Number images and files in random order; only files where the order of images matters."""
    rng = np.random.default_rng(exam.seed)
    mixed = []
    for series in plan.series:
        order = rng.permutation(len(series.images))
        images = tuple(series.images[index] for index in order)
        mixed.append(series if series.order_matters else replace(series, images=images))
    return replace(plan, series=tuple(mixed), shuffled_names=True)


def _oblique(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Rotate all images with known geometry."""
    del exam
    rotation = oblique_rotation()
    return _with_images(
        plan, lambda image: replace(image, placement=rotated(image.placement, rotation)) if _is_placed(image) else image
    )


def _feet_first(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Position the patient feet first: patient coordinates stay, slices are numbered in reverse."""
    del exam
    series = [one if one.order_matters else replace(one, images=_reversed_slices(one)) for one in plan.series]
    return replace(plan, series=tuple(series), patient_position="FFS")


def _reversed_slices(series: SeriesPlan) -> tuple[Image, ...]:
    slices = [list(images) for _, images in groupby(series.images, key=lambda image: image.placement.position_mm)]
    return tuple(image for images in reversed(slices) for image in images)


def _with_contour(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Draw the true outline of the liver on classic stiffness maps, as overlay group 6000."""

    def drawn(image: Image) -> Image:
        if image.level is None:
            return image
        return replace(image, contour=outline(exam.truth.liver[image.level], image.stored.shape))

    maps = {Kind.STIFFNESS, Kind.STIFFNESS_MASKED}
    series = [
        replace(one, images=tuple(map(drawn, one.images))) if one.kind in maps and one.form is Form.CLASSIC else one
        for one in plan.series
    ]
    return replace(plan, series=tuple(series))


def _signed(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Store all grey-scale images as signed 16-bit numbers."""
    del exam
    series = [
        one if one.form is Form.SECONDARY_CAPTURE else _with_sign(replace(one, bits=16, signed=True))
        for one in plan.series
    ]
    return replace(plan, series=tuple(series))


def _with_sign(series: SeriesPlan) -> SeriesPlan:
    images = [replace(one, stored=np.minimum(one.stored, LARGEST_SIGNED).astype(np.int16)) for one in series.images]
    return replace(series, images=tuple(images))


def _crowded(plan: StudyPlan, exam: SimulatedExam) -> StudyPlan:
    """Add unrelated dynamic series of tiny images."""
    del exam
    placement = Placement((-150.0, -150.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (40.0, 40.0), 3.0)
    pixels = np.arange(CROWD_PIXELS**2, dtype=np.uint16).reshape(CROWD_PIXELS, CROWD_PIXELS)
    series_count, image_count = CROWD
    crowd = [
        SeriesPlan(
            kind=Kind.UNRELATED,
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


def _with_images(plan: StudyPlan, change: Callable[[Image], Image]) -> StudyPlan:
    series = [replace(one, images=tuple(map(change, one.images))) for one in plan.series]
    return replace(plan, series=tuple(series))


def _is_placed(image: Image) -> bool:
    return image.placement.position_mm != (0.0, 0.0, 0.0)


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
