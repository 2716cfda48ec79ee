"""Results of Su, Shih and Xu in 319 patients (JMIR Med Inform 2025;13:e80351, doi 10.2196/80351).

Shown in a column of its own: other patients, other images, and a liver outlined by a reader.
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

TEST_PATIENTS: Final = 228
MANUAL_KPA: Final = "3.69 (2.26)"
"""Mean and SD in the test cohort."""
AUTOMATIC_KPA: Final = "3.69 (2.28)"
MANUAL_F2: Final = 0.52
"""Share of the test cohort with at least 2.8 kPa."""
AUTOMATIC_F2: Final = 0.50
