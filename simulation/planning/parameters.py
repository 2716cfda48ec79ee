"""Parameters in which simulated exams differ, and how each is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Distribution:
    """Distribution of one parameter.

    Attributes
    ----------
    low, high : range, uniform
    chance : probability that the parameter is drawn at all
    otherwise : its value where it is not
    logarithmic : uniform in the logarithm
    """

    low: float
    high: float
    chance: float = 1.0
    otherwise: float = 0.0
    logarithmic: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """Return one value; always consumes two random numbers, so that no parameter changes the next one's."""
        present, place = rng.random(2)
        if present >= self.chance:
            return self.otherwise
        if self.logarithmic:
            return float(self.low * (self.high / self.low) ** place)
        return float(self.low + (self.high - self.low) * place)


@dataclass(frozen=True, slots=True)
class ExamParameters:
    """Parameters of patient, scan and processing of one exam; the defaults are the standard simulator.

    Their names are keys of `SimulatedExam.facts` and of stored cohorts.

    Attributes
    ----------
    body_scale, shift_x_mm, shift_y_mm, rotation_rad : size, position and rotation of the trunk
    liver_scale, left_lobe_scale, caudate_scale, fissure_scale : sizes relative to the standard
    lobe_fissure : size of a second fissure between the lobes; 0 is none
    riedel_mm : length of Riedel's lobe; 0 is none
    resection : resected share of the right lobe; negative if the left lateral segments were resected
    ascites_mm : thickness of fluid around the liver
    spleen_scale : 0 after splenectomy
    gallbladder_scale, vessel_scale : sizes relative to the standard
    lesions, cysts : number of focal lesions in the liver, rounded down
    loss_scale : of G''/G'; waves interfere where it is low
    heterogeneity_scale, grain_mm : amplitude and smoothing SD of the stiffness noise in the liver
    patchiness : relative SD of patches of 1-3 cm
    capsule : relative increase of stiffness below the capsule
    gradient : relative change of stiffness per 10 cm from right to left
    driver_turn_rad, driver_level_mm : displacement of the driver from its standard position
    second_contact : force of the driver's belt elsewhere on the body wall, relative to the pad's
    amplitude_scale : of the motion; 0 if the driver is disconnected
    noise_scale : of the image noise
    liver_t2_star_ms : at 1.5 T; 0 keeps the standard draw
    fat_fraction : of the liver
    breathing_mm : added to the SD of the shift between offsets
    register_x_mm, register_y_mm : shift of the magnitude against the stiffness
    level_mm : shift of the slice along the body, as by another breath-hold
    cardiac_rad : phase error from the heart at the left lobe
    distortion_mm : of the EPI image in phase-encoding direction
    fit_sigma_mm, misfit_gain, noise_half : of inversion and confidence map, which differ between vendors
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


STANDARD_PARAMETERS: Final = ExamParameters()
