"""Hyperparameter search over the ranges of Su 2025 with Optuna; resumable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import TrialState

from training.errors import TrainingError
from training.files import write_json, write_rows
from training.segmentation.recipes import PAPER
from training.segmentation.train import BEST_NAME, CHECKPOINT_NAME, Training

if TYPE_CHECKING:
    from training.segmentation.options import TrainOptions

STUDY_NAME: Final = "study.log"
TRIALS_NAME: Final = "trials.csv"
RESULT_NAME: Final = "best.json"
LEARNING_RATES: Final = (3e-6, 3e-2)
MOMENTA: Final = (0.80, 0.99)
WEIGHT_DECAYS: Final = (0.0, 0.01)
"""Search ranges of Su et al. 2025."""
_MIN_DECAY: Final = 1e-8  # for 0 on the logarithmic scale; the paper's best value is 4.457e-6
_STARTUP: Final = 4
_PARAMETERS: Final = ("learning_rate", "momentum", "weight_decay")


def tune(train: TrainOptions, trials: int) -> dict[str, Any]:
    """Search for the highest validation Dice from the paper's best values on; return the content of best.json.

    An existing search is continued; `trials` includes its trials. Each trial is a run in trial-NNN and is pruned if it
    falls below the median of the others at the same epoch.
    """
    out = train.out
    out.mkdir(parents=True, exist_ok=True)
    backend = JournalFileBackend(str(out / STUDY_NAME), lock_obj=JournalFileOpenLock(str(out / STUDY_NAME)))
    study = optuna.create_study(
        study_name="liver-mre",
        storage=JournalStorage(backend),
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP, n_warmup_steps=2),
    )
    done = _finished_trials(study)
    # The seed includes the number of trials, or a continued search would draw the first values again.
    study.sampler = optuna.samplers.TPESampler(seed=train.seed + done, n_startup_trials=_STARTUP)
    if not study.trials:
        study.enqueue_trial({name: getattr(PAPER, name) for name in _PARAMETERS})
    study.optimize(lambda trial: _run(trial, train), n_trials=max(0, trials - done))
    return _write(study, train)


def _finished_trials(study: optuna.Study) -> int:
    return len(study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED)))


def _run(trial: optuna.Trial, train: TrainOptions) -> float:
    def report(epoch: int, dice: float) -> None:
        trial.report(dice, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    recipe = train.recipe.with_overrides(
        learning_rate=trial.suggest_float("learning_rate", *LEARNING_RATES, log=True),
        momentum=trial.suggest_float("momentum", *MOMENTA),
        weight_decay=trial.suggest_float("weight_decay", _MIN_DECAY, WEIGHT_DECAYS[1], log=True),
    )
    out = train.out / f"trial-{trial.number:03d}"
    options = replace(train, recipe=recipe, out=out, resume=False, after_epoch=report)
    try:
        return Training(options).run().best_dice
    except TrainingError as error:
        raise optuna.TrialPruned from error
    finally:
        for name in (CHECKPOINT_NAME, BEST_NAME):
            (out / name).unlink(missing_ok=True)


def _write(study: optuna.Study, train: TrainOptions) -> dict[str, Any]:
    rows = []
    for trial in study.trials:
        dice = trial.value if trial.state is TrialState.COMPLETE else ""
        rows.append({"trial": trial.number, "state": trial.state.name.lower(), "dice": dice} | trial.params)
    write_rows(train.out / TRIALS_NAME, ("trial", "state", "dice", *_PARAMETERS), rows)
    result = {
        "recipe": train.recipe.name,
        "trials": _finished_trials(study),
        "best_trial": study.best_trial.number,
        "validation_dice": study.best_value,
        "values": study.best_params,
    }
    write_json(train.out / RESULT_NAME, result)
    return result
