"""Parameters in which simulated exams differ, and how each is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Distribution:
    """Distribution of one parameter: uniform from `low` to `high`."""

    low: float
    high: float
    chance: float = 1.0  # probability that the parameter is drawn at all
    otherwise: float = 0.0  # its value where it is not
    logarithmic: bool = False  # uniform in the logarithm

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

    Scales are relative to the standard. The names are keys of `SimulatedExam.facts` and of stored cohorts.
    """

    body_scale: float = 1.0
    body_depth_scale: float = 1.0  # of the depth alone
    shift_x_mm: float = 0.0  # of the trunk
    shift_y_mm: float = 0.0
    rotation_rad: float = 0.0
    liver_scale: float = 1.0
    left_lobe_scale: float = 1.0
    caudate_scale: float = 1.0
    fissure_scale: float = 1.0
    lobe_fissure: float = 0.0  # size of a second fissure between the lobes; 0 is none
    riedel_mm: float = 0.0  # length of Riedel's lobe; 0 is none
    resection: float = 0.0  # resected share of the right lobe; negative if the left lateral segments were resected
    ascites_mm: float = 0.0  # thickness of fluid around the liver
    spleen_scale: float = 1.0  # 0 after splenectomy
    gallbladder_scale: float = 1.0
    vessel_scale: float = 1.0
    lesions: float = 0.0  # number of solid focal lesions in the liver, rounded down
    cysts: float = 0.0  # number of cysts in the liver, rounded down
    loss_scale: float = 1.0  # of G''/G'; waves interfere where it is low
    heterogeneity_scale: float = 1.0  # amplitude of the smooth stiffness noise in the liver
    grain_mm: float = 6.0  # smoothing SD of this noise
    patchiness: float = 0.0  # relative SD of patches of 1-3 cm
    capsule: float = 0.0  # relative increase of stiffness below the capsule
    gradient: float = 0.0  # relative change of stiffness per 10 cm from right to left
    driver_turn_rad: float = 0.0  # displacement of the driver around the body
    driver_level_mm: float = 0.0  # displacement of the driver along the body
    second_contact: float = 0.0  # force of the driver's belt elsewhere on the body wall, relative to the pad's
    amplitude_scale: float = 1.0  # of the motion; 0 if the driver is disconnected
    noise_scale: float = 1.0  # of the image noise
    liver_t2_star_ms: float = 0.0  # at 1.5 T; 0 keeps the standard draw
    fat_fraction: float = 0.0  # of the liver
    breathing_mm: float = 0.0  # added to the SD of the shift between offsets
    register_x_mm: float = 0.0  # shift of the magnitude against the stiffness
    register_y_mm: float = 0.0
    level_mm: float = 0.0  # shift of the slice along the body, as by another breath-hold
    cardiac_rad: float = 0.0  # phase error from the heart at the left lobe
    distortion_mm: float = 0.0  # of the EPI image in phase-encoding direction
    fit_sigma_mm: float = 3.5  # of the inversion; this and the next two differ between vendors
    misfit_gain: float = 0.27  # weight, in the confidence, of the variance that the local fit leaves unexplained
    noise_half: float = 2.0  # wave-to-noise ratio at which the signal term of the confidence is 0.5


STANDARD_PARAMETERS: Final = ExamParameters()
