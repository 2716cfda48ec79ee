"""Hyperparameter search over the paper's ranges, with Optuna; it can be interrupted and continued."""

from __future__ import annotations

import csv
import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import TrialState

from training.errors import TrainingError
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
"""The ranges that Su et al. 2025 searched."""
_LEAST_DECAY: Final = 1e-8  # stands for the paper's 0: a logarithmic scale has none, and its best value is 4.457e-6
_STARTUP: Final = 4


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """A search: what each trial trains, and how many there are to be in all, those of earlier calls included."""

    train: TrainOptions
    trials: int


def tune(options: SearchOptions) -> dict[str, Any]:
    """Search, beginning with the paper's best values; continues the study in the folder if there is one.

    Each trial is a run of its own in trial-NNN, whose validation Dice counts; a trial that falls behind the median of
    the others at the same epoch is stopped.

    Returns
    -------
    Best values and their validation Dice, as in best.json.
    """
    out = options.train.out
    out.mkdir(parents=True, exist_ok=True)
    backend = JournalFileBackend(str(out / STUDY_NAME), lock_obj=JournalFileOpenLock(str(out / STUDY_NAME)))
    study = optuna.create_study(
        study_name="liver-mre",
        storage=JournalStorage(backend),
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP, n_warmup_steps=2),
    )
    done = _finished(study)
    # The seed counts the trials: a continued search must not draw the first values again.
    study.sampler = optuna.samplers.TPESampler(seed=options.train.seed + len(done), n_startup_trials=_STARTUP)
    if not study.trials:
        values = {"learning_rate": PAPER.learning_rate, "momentum": PAPER.momentum, "weight_decay": PAPER.weight_decay}
        study.enqueue_trial(values)
    study.optimize(lambda trial: _run(trial, options.train), n_trials=max(0, options.trials - len(done)))
    return _write(study, options)


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _run(trial: optuna.Trial, train: TrainOptions) -> float:
    def report(epoch: int, dice: float) -> None:
        trial.report(dice, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    recipe = train.recipe.with_overrides(
        learning_rate=trial.suggest_float("learning_rate", *LEARNING_RATES, log=True),
        momentum=trial.suggest_float("momentum", *MOMENTA),
        weight_decay=trial.suggest_float("weight_decay", _LEAST_DECAY, WEIGHT_DECAYS[1], log=True),
    )
    out = train.out / f"trial-{trial.number:03d}"
    try:
        return (
            Training(dataclasses.replace(train, recipe=recipe, out=out, resume=False, after_epoch=report))
            .run()
            .best_dice
        )
    except TrainingError as error:
        raise optuna.TrialPruned from error
    finally:
        for name in (CHECKPOINT_NAME, BEST_NAME):
            (out / name).unlink(missing_ok=True)


def _write(study: optuna.Study, options: SearchOptions) -> dict[str, Any]:
    out = options.train.out
    names = ["learning_rate", "momentum", "weight_decay"]
    with (out / TRIALS_NAME).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["trial", "state", "dice", *names])
        for trial in study.trials:
            value = trial.value if trial.state is TrialState.COMPLETE else ""
            writer.writerow(
                [trial.number, trial.state.name.lower(), value, *(trial.params.get(name, "") for name in names)]
            )
    result = {
        "recipe": options.train.recipe.name,
        "trials": len(_finished(study)),
        "best_trial": study.best_trial.number,
        "validation_dice": study.best_value,
        "values": study.best_params,
    }
    (out / RESULT_NAME).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result
