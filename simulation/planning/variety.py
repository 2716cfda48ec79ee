"""What is varied between simulated exams, and how often: data that the simulator draws from.

`STANDARD` varies nothing beyond what the simulator's modules draw themselves; `WIDE` is the variety of a training
cohort. The ranges are parameters of a simulation, chosen by looking at the result beside public exams; none is a
reference value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.types import Failure, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.anatomy.abdomen import Body


@dataclass(frozen=True, slots=True)
class Spread:
    """How one trait is drawn: from an interval, or sometimes only.

    Attributes
    ----------
    low, high : ends of the interval; uniform between them
    chance : how often the trait is drawn at all
    otherwise : its value in all other exams
    logarithmic : uniform in the logarithm instead
    """

    low: float
    high: float
    chance: float = 1.0
    otherwise: float = 0.0
    logarithmic: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """Return one value; always consumes two random numbers, so that traits do not shift each other."""
        present, place = rng.random(2)
        if present >= self.chance:
            return self.otherwise
        if self.logarithmic:
            return float(self.low * (self.high / self.low) ** place)
        return float(self.low + (self.high - self.low) * place)


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits of one exam; the defaults leave the standard simulator as it is.

    Attributes
    ----------
    body_scale, shift_x_mm, shift_y_mm, rotation_rad : size, place and pose of the trunk
    liver_scale, left_lobe_scale, caudate_scale, fissure_scale : sizes relative to the standard
    lobe_fissure : size of a second fissure between the lobes; 0 is none
    riedel_mm : length of a tongue of the right lobe downwards; 0 is none
    resection : share of the right lobe that was removed; negative: the left lateral segments are missing
    ascites_mm : thickness of fluid around the liver
    spleen_scale : 0 is a removed spleen
    gallbladder_scale, vessel_scale : sizes relative to the standard
    lesions, cysts : focal lesions in the liver; their whole part is the number
    loss_scale : of G''/G' in the liver; little loss makes waves interfere
    heterogeneity_scale, grain_mm : of the smooth stiffness noise in the liver, and its SD in space (mm)
    patchiness : relative SD of patches of 1-3 cm
    capsule : relative increase of stiffness under the capsule
    gradient : relative change of stiffness per 10 cm from right to left
    driver_turn_rad, driver_level_mm : displacement of the driver from its standard place
    second_contact : force of the driver's belt at another place of the wall, relative to the pad's
    amplitude_scale : of the motion; 0 is a driver that is not connected
    noise_scale : of the image noise
    liver_t2_star_ms : at 1.5 T; 0 leaves the standard draw
    fat_fraction : of the liver
    breathing_mm : added to the SD of the shift between offsets
    register_x_mm, register_y_mm : shift of the magnitude series against the stiffness
    level_mm : shift of the slice along the body, as by another breath-hold
    cardiac_rad : phase error by the beating heart, at the left lobe
    distortion_mm : of the EPI image in phase-encoding direction
    fit_sigma_mm, misfit_gain, noise_half : of the inversion and the confidence map (vendors differ)
    """

    body_scale: float = 1.0
    shift_x_mm: float = 0.0
    shift_y_mm: float = 0.0
    rotation_rad: float = 0.0
    liver_scale: float = 1.0
    left_lobe_scale: float = 1.0
    caudate_scale: float = 1.0
    fissure_scale: float = 1.0
    lobe_fissure: float = 0.0
    riedel_mm: float = 0.0
    resection: float = 0.0
    ascites_mm: float = 0.0
    spleen_scale: float = 1.0
    gallbladder_scale: float = 1.0
    vessel_scale: float = 1.0
    lesions: float = 0.0
    cysts: float = 0.0
    loss_scale: float = 1.0
    heterogeneity_scale: float = 1.0
    grain_mm: float = 6.0
    patchiness: float = 0.0
    capsule: float = 0.0
    gradient: float = 0.0
    driver_turn_rad: float = 0.0
    driver_level_mm: float = 0.0
    second_contact: float = 0.0
    amplitude_scale: float = 1.0
    noise_scale: float = 1.0
    liver_t2_star_ms: float = 0.0
    fat_fraction: float = 0.0
    breathing_mm: float = 0.0
    register_x_mm: float = 0.0
    register_y_mm: float = 0.0
    level_mm: float = 0.0
    cardiac_rad: float = 0.0
    distortion_mm: float = 0.0
    fit_sigma_mm: float = 3.5
    misfit_gain: float = 0.27
    noise_half: float = 2.0


@dataclass(frozen=True, slots=True)
class ProtocolChoice:
    """One way of scanning.

    Attributes
    ----------
    weight : relative frequency
    sequence, field_t : as in `Protocol`
    echo_time_ms : interval the echo time is drawn from
    rows, columns : image matrix
    pixel_mm : smallest and largest pixel; within it the field of view is chosen to hold the patient
    """

    weight: float
    sequence: str
    field_t: float
    echo_time_ms: tuple[float, float]
    rows: int
    columns: int
    pixel_mm: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Variety:
    """What is varied.

    Attributes
    ----------
    name : for tables
    traits : how each trait is drawn; traits not named keep their standard value
    by_stage : the same for one METAVIR stage, instead
    protocols : ways of scanning; empty keeps the standard protocol
    breath_hold_mm : SD of the level between breath-holds; each slice has its own
    rates_residual : whether phase errors between the offsets lower the confidence
    elsewhere : whether the slices lie in another part of the trunk, from where no cause of failure moves them
    full_failure, partial_failure : share of exams of which all, or some slices are given a cause of failure
    """

    name: str
    traits: Mapping[str, Spread] = field(default_factory=dict)
    by_stage: Mapping[str, Mapping[str, Spread]] = field(default_factory=dict)
    protocols: tuple[ProtocolChoice, ...] = ()
    breath_hold_mm: float = 0.0
    rates_residual: bool = False
    elsewhere: bool = False
    full_failure: float = 0.0
    partial_failure: float = 0.0


STANDARD: Final = Variety("standard")

_GRE_15, _GRE_3, _EPI = (17.5, 24.0), (17.5, 21.5), (42.0, 62.0)
_LARGE, _MEDIUM, _SMALL = (1.35, 1.70), (1.85, 2.25), (2.75, 3.10)

WIDE: Final = Variety(
    name="wide",
    traits={
        "body_scale": Spread(0.90, 1.14),
        "shift_x_mm": Spread(-12.0, 12.0),
        "shift_y_mm": Spread(-12.0, 12.0),
        "rotation_rad": Spread(-0.10, 0.10),
        "liver_scale": Spread(0.88, 1.12),
        "left_lobe_scale": Spread(0.60, 1.45),
        "caudate_scale": Spread(0.75, 1.35),
        "fissure_scale": Spread(0.6, 1.8),
        "lobe_fissure": Spread(0.5, 1.3, chance=0.25),
        "riedel_mm": Spread(25.0, 70.0, chance=0.07),
        "resection": Spread(-0.5, 1.0, chance=0.06),
        "ascites_mm": Spread(3.0, 12.0, chance=0.02),
        "spleen_scale": Spread(0.75, 1.25, chance=0.98),
        "gallbladder_scale": Spread(0.7, 1.6),
        "vessel_scale": Spread(0.7, 1.5),
        "lesions": Spread(1.0, 4.0, chance=0.12),
        "cysts": Spread(1.0, 3.0, chance=0.08),
        "loss_scale": Spread(0.55, 1.6),
        "heterogeneity_scale": Spread(1.5, 3.0),
        "grain_mm": Spread(4.5, 9.0),
        "patchiness": Spread(0.04, 0.20, chance=0.5),
        "capsule": Spread(0.1, 0.5, chance=0.3),
        "gradient": Spread(-0.12, 0.12),
        "driver_turn_rad": Spread(-0.40, 0.35),
        "driver_level_mm": Spread(-35.0, 35.0),
        "second_contact": Spread(0.1, 0.7, chance=0.35),
        "amplitude_scale": Spread(1.1, 2.4, logarithmic=True),
        "noise_scale": Spread(0.6, 1.8, logarithmic=True),
        "liver_t2_star_ms": Spread(6.0, 16.0, chance=0.13, logarithmic=True),
        "fat_fraction": Spread(0.03, 0.35, chance=0.45),
        "breathing_mm": Spread(0.0, 0.8),
        "register_x_mm": Spread(-4.0, 4.0, chance=0.4),
        "register_y_mm": Spread(-6.0, 6.0, chance=0.4),
        "cardiac_rad": Spread(0.1, 0.9, chance=0.5),
        "distortion_mm": Spread(1.5, 7.0),
        "fit_sigma_mm": Spread(2.8, 4.2),
        "misfit_gain": Spread(0.30, 0.42),
        "noise_half": Spread(0.4, 0.7),
    },
    by_stage={
        "F4": {
            "ascites_mm": Spread(3.0, 25.0, chance=0.28),
            "spleen_scale": Spread(0.95, 1.35),
            "caudate_scale": Spread(0.9, 1.5),
        },
    },
    protocols=(
        ProtocolChoice(3.0, "gre", 1.5, _GRE_15, 204, 256, (1.45, 1.75)),
        ProtocolChoice(3.0, "gre", 1.5, _GRE_15, 256, 256, _LARGE),
        ProtocolChoice(1.0, "gre", 1.5, _GRE_15, 156, 192, _MEDIUM),
        ProtocolChoice(0.7, "gre", 1.5, _GRE_15, 128, 128, _SMALL),
        ProtocolChoice(1.5, "gre", 3.0, _GRE_3, 256, 256, _LARGE),
        ProtocolChoice(0.8, "gre", 3.0, _GRE_3, 204, 256, (1.45, 1.75)),
        ProtocolChoice(1.0, "epi", 1.5, _EPI, 104, 128, _SMALL),
        ProtocolChoice(0.8, "epi", 3.0, _EPI, 128, 128, _SMALL),
        ProtocolChoice(1.2, "epi", 3.0, _EPI, 256, 256, _LARGE),
    ),
    breath_hold_mm=2.5,
    rates_residual=True,
    full_failure=0.01,
    partial_failure=0.07,
)

VARIETIES: Final[Mapping[str, Variety]] = {variety.name: variety for variety in (STANDARD, WIDE)}


def draw_traits(rng: np.random.Generator, variety: Variety, stage: str) -> Traits:
    """Return the traits of one exam of a METAVIR stage."""
    spreads = {**variety.traits, **variety.by_stage.get(stage, {})}
    return Traits(**{name: spread.draw(rng) for name, spread in spreads.items()})


def draw_protocol(rng: np.random.Generator, variety: Variety, body: Body, failure: Failure) -> Protocol:
    """Return how the scanner is set: a field of view that holds the patient.

    Low signal by iron is a failure of gradient echoes (Gill 2021), so that cause rules spin-echo EPI out.
    """
    choices = [c for c in variety.protocols if c.sequence == "gre" or failure != Failure.LOW_SIGNAL]
    if not choices:
        return Protocol()
    weights = np.array([choice.weight for choice in choices])
    choice = choices[int(rng.choice(len(choices), p=weights / weights.sum()))]
    width = 2.0 * body.half_mm[0] + 2.0 * abs(body.centre_mm[0])
    depth = 2.0 * body.half_mm[1] + 2.0 * abs(body.centre_mm[1])
    needed = 1.04 * max(width / choice.columns, depth / choice.rows)
    low, high = choice.pixel_mm
    pixel_mm = float(np.clip(needed * rng.uniform(1.0, 1.12), low, high))
    return Protocol(
        sequence=choice.sequence,
        field_t=choice.field_t,
        echo_time_ms=round(float(rng.uniform(*choice.echo_time_ms)), 1),
        rows=choice.rows,
        columns=choice.columns,
        pixel_mm=round(pixel_mm, 4),
    )
