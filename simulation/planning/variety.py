"""Distributions of exam parameters and protocols.

`STANDARD` is one scanner, `WIDE` many hospitals and patients with one physics, `FAMILIES` several physics as well.

Ranges were chosen by comparing the result with public exams; none is a reference value.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from simulation.planning.parameters import Distribution, ExamParameters
from simulation.planning.physics import FAMILIES as PHYSICS
from simulation.types import Failure, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.planning.body import Body


@dataclass(frozen=True, slots=True)
class ProtocolChoice:
    """One protocol, and how often it is used."""

    weight: float  # relative frequency
    sequence: str
    field_t: float
    echo_time_ms: tuple[float, float]  # range of the echo time
    rows: int
    columns: int
    pixel_mm: tuple[float, float]  # range of the pixel size, within which the field of view is fitted to the patient


@dataclass(frozen=True, slots=True)
class Variety:
    """Which parameters vary between exams, and how."""

    name: str  # for tables
    parameters: Mapping[str, Distribution] = field(default_factory=dict)  # others keep their standard value
    by_stage: Mapping[str, Mapping[str, Distribution]] = field(default_factory=dict)  # replace `parameters`
    protocols: tuple[ProtocolChoice, ...] = ()  # empty for the standard protocol
    breath_hold_mm: float = 0.0  # SD of each slice's level, as by breath-holds that differ
    rates_residual: bool = False  # whether phase errors between offsets lower the confidence
    fixed_level: bool = False  # whether the level is prescribed, so that no failure moves the slices
    full_failure: float = 0.0  # share of exams in which a failure is simulated in all slices
    partial_failure: float = 0.0  # in some slices
    families: tuple[str, ...] = ()  # of physics (`simulation.planning.physics`); empty for the standard physics
    label_maps: str = ""  # folder of label maps for a share of the exams
    label_map_share: float = 0.0  # of the exams; the others are painted


STANDARD: Final = Variety("standard")

_GRE_15, _GRE_3, _EPI = (17.5, 24.0), (17.5, 21.5), (42.0, 62.0)
_LARGE, _MEDIUM, _SMALL = (1.35, 1.70), (1.85, 2.25), (2.75, 3.10)

WIDE: Final = Variety(
    name="wide",
    parameters={
        "body_scale": Distribution(0.90, 1.14),
        "shift_x_mm": Distribution(-12.0, 12.0),
        "shift_y_mm": Distribution(-12.0, 12.0),
        "rotation_rad": Distribution(-0.10, 0.10),
        "liver_scale": Distribution(0.88, 1.12),
        "left_lobe_scale": Distribution(0.60, 1.45),
        "caudate_scale": Distribution(0.75, 1.35),
        "fissure_scale": Distribution(0.6, 1.8),
        "lobe_fissure": Distribution(0.5, 1.3, chance=0.25),
        "riedel_mm": Distribution(25.0, 70.0, chance=0.07),
        "resection": Distribution(-0.5, 1.0, chance=0.06),
        "ascites_mm": Distribution(3.0, 12.0, chance=0.02),
        "spleen_scale": Distribution(0.75, 1.25, chance=0.98),
        "gallbladder_scale": Distribution(0.7, 1.6),
        "vessel_scale": Distribution(0.7, 1.5),
        "lesions": Distribution(1.0, 4.0, chance=0.12),
        "cysts": Distribution(1.0, 3.0, chance=0.08),
        "loss_scale": Distribution(0.55, 1.6),
        "heterogeneity_scale": Distribution(1.5, 3.0),
        "grain_mm": Distribution(4.5, 9.0),
        "patchiness": Distribution(0.04, 0.20, chance=0.5),
        "capsule": Distribution(0.1, 0.5, chance=0.3),
        "gradient": Distribution(-0.12, 0.12),
        "driver_turn_rad": Distribution(-0.40, 0.35),
        "driver_level_mm": Distribution(-35.0, 35.0),
        "second_contact": Distribution(0.1, 0.7, chance=0.35),
        "amplitude_scale": Distribution(1.1, 2.4, logarithmic=True),
        "noise_scale": Distribution(0.6, 1.8, logarithmic=True),
        "liver_t2_star_ms": Distribution(6.0, 16.0, chance=0.13, logarithmic=True),
        "fat_fraction": Distribution(0.03, 0.35, chance=0.45),
        "breathing_mm": Distribution(0.0, 0.8),
        "register_x_mm": Distribution(-4.0, 4.0, chance=0.4),
        "register_y_mm": Distribution(-6.0, 6.0, chance=0.4),
        "cardiac_rad": Distribution(0.1, 0.9, chance=0.5),
        "distortion_mm": Distribution(1.5, 7.0),
        "fit_sigma_mm": Distribution(2.8, 4.2),
        "misfit_gain": Distribution(0.30, 0.42),
        "noise_half": Distribution(0.4, 0.7),
    },
    by_stage={
        "F4": {
            "ascites_mm": Distribution(3.0, 25.0, chance=0.28),
            "spleen_scale": Distribution(0.95, 1.35),
            "caudate_scale": Distribution(0.9, 1.5),
        }
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

FAMILIES: Final = replace(
    WIDE,
    name="families",
    parameters={
        **WIDE.parameters,
        "body_scale": Distribution(0.84, 1.24),
        "body_depth_scale": Distribution(0.84, 1.22),
        "heterogeneity_scale": Distribution(1.0, 4.0),
        "grain_mm": Distribution(2.5, 12.0),
        "loss_scale": Distribution(0.4, 2.2),
        "amplitude_scale": Distribution(0.9, 2.8, logarithmic=True),
        "noise_scale": Distribution(0.5, 2.2, logarithmic=True),
        "fit_sigma_mm": Distribution(1.8, 5.0),
        "vessel_scale": Distribution(0.7, 2.0),
    },
    full_failure=0.10,
    partial_failure=0.15,
    families=tuple(PHYSICS),
)
"""Every family of physics, mixed, and patients, rougher maps and scanners beyond `WIDE`."""

VARIETIES: Final[Mapping[str, Variety]] = {variety.name: variety for variety in (STANDARD, WIDE, FAMILIES)}


def at_level(variety: Variety, level_mm: tuple[float, float]) -> Variety:
    """Return the variety with all slices in another part of the trunk, `level_mm` its range."""
    return replace(variety, parameters={**variety.parameters, "level_mm": Distribution(*level_mm)}, fixed_level=True)


def draw_parameters(rng: np.random.Generator, variety: Variety, stage: str) -> ExamParameters:
    """Return the parameters of one exam."""
    distributions = {**variety.parameters, **variety.by_stage.get(stage, {})}
    return ExamParameters(**{name: spread.draw(rng) for name, spread in distributions.items()})


def draw_protocol(rng: np.random.Generator, variety: Variety, body: Body, failure: Failure) -> Protocol:
    """Return a protocol with a field of view that covers the patient.

    Low signal from iron is a failure of gradient echoes (Gill 2021): with this cause, no spin-echo EPI is drawn.
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
