"""MONAI's engines and ignite's events, imported without the deprecation warnings that ignite causes in torch."""

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

__all__ = ["CommonKeys", "DataLoader", "DiceLoss", "Engine", "Events", "IterationEvents"]
__all__ += ["MeanDice", "ProgressBar", "SupervisedEvaluator", "SupervisedTrainer", "TerminateOnNan", "set_determinism"]
