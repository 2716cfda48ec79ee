"""MONAI's engines and the events of ignite beneath them, imported without what they say about themselves.

ignite imports parts of torch that warn about their own deprecation; users can do nothing about it.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from ignite.engine import Engine, Events
    from ignite.handlers import ProgressBar, TerminateOnNan
    from monai.data import DataLoader
    from monai.engines import SupervisedEvaluator, SupervisedTrainer
    from monai.engines.utils import IterationEvents
    from monai.handlers import MeanDice
    from monai.losses import DiceLoss
    from monai.utils import CommonKeys, set_determinism

__all__ = [
    "CommonKeys",
    "DataLoader",
    "DiceLoss",
    "Engine",
    "Events",
    "IterationEvents",
    "MeanDice",
    "ProgressBar",
    "SupervisedEvaluator",
    "SupervisedTrainer",
    "TerminateOnNan",
    "set_determinism",
]
