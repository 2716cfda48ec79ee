"""What Su, Shih and Xu published for their 319 patients (JMIR Med Inform 2025;13:e80351, doi 10.2196/80351).

Shown beside results of other cohorts in a column of its own, never mixed with them: other patients, other images, and a
truth drawn by a reader.
"""

from __future__ import annotations

from typing import Final

COLUMN: Final = "clinical, Su 2025"

DICE: Final = 0.8568
IOU: Final = 0.7580
F1: Final = 0.8568
PLAIN_UNET_DICE: Final = 0.8259
PEARSON_TEST: Final = 0.943
STAGE_DICE_IOU: Final = {
    "F0": (0.8747, 0.7826),
    "F1": (0.8798, 0.7874),
    "F2": (0.8411, 0.7385),
    "F3": (0.8054, 0.7049),
    "F4": (0.8400, 0.7314),
}
COHORTS: Final = {
    "train": {
        "patients": 91,
        "manual_kpa": (4.51, 2.85),
        "automatic_kpa": (4.04, 1.93),
        "manual_f2": 0.76,
        "automatic_f2": 0.75,
    },
    "test": {
        "patients": 228,
        "manual_kpa": (3.69, 2.26),
        "automatic_kpa": (3.69, 2.28),
        "manual_f2": 0.52,
        "automatic_f2": 0.50,
    },
}
