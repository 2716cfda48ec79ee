"""Training on MONAI's engines: a budget of epochs or minutes, early stopping, resumable."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from training.cohort.exams import read_exams, without_family
from training.cohort.leakage import refuse_leakage
from training.errors import CohortError, TrainingError
from training.segmentation import engines
from training.segmentation.checkpoint import load_initial_weights, write_checkpoint
from training.segmentation.curves import append_row, keep_rows, plot
from training.segmentation.dataset import INPUT_FIELD_OF_VIEW_MM, EpochSampler, only_suitable
from training.segmentation.loaders import batch_preparation, training_loader, validation_loader
from training.segmentation.network import Autocast, build_network, default_device, fitted_weights, placed
from training.segmentation.options import Progress, TrainOptions
from training.segmentation.schedule import learning_rate, make_average, make_optimiser
from training.segmentation.situations import EVERYTHING, MASKED

if TYPE_CHECKING:
    from training.segmentation.situations import Situation

CHECKPOINT_NAME: Final = "checkpoint.pt"
BEST_NAME: Final = "best.pt"
_SETTINGS: Final = ("architecture", "recipe", "size", "pooling", "seed")
_HALF: Final = 0.5  # label value, the share of a pixel, from which it counts as liver


@dataclass(slots=True)
class _EpochState:
    """Losses of the current epoch, and when its time was last counted."""

    losses: list[float] = field(default_factory=list)
    clock: float = field(default_factory=time.monotonic)


class Training:
    """One run: exams, network, optimiser, averaged weights, engines, progress.

    Raises `CohortError` if there are no training or validation exams, or the two share a patient, and `TrainingError`
    if the folder holds a run and `resume` is not set, or a run with other settings, or if the initial weights belong to
    another network.
    """

    def __init__(self, options: TrainOptions) -> None:
        if (options.out / CHECKPOINT_NAME).exists() and not options.resume:
            message = "the folder already holds a run: continue it with --resume, or choose another --out"
            raise TrainingError(message)
        engines.set_determinism(seed=options.seed)
        if options.threads:
            torch.set_num_threads(options.threads)
        self.options, self.recipe = options, options.recipe
        self.device = default_device()
        self.exams = without_family(read_exams(options.data, "train"), options.without)
        self.validation = without_family(read_exams(options.data, "validation"), options.without)
        refuse_leakage({"train": self.exams, "validation": self.validation})
        network = build_network(options.architecture)
        self.history: list[dict[str, Any]] = []
        if options.init is not None:
            weights, self.history = load_initial_weights(options.init)
            network.load_state_dict(fitted_weights(weights, network))
        self.network = placed(network)
        self.optimiser = make_optimiser(self.recipe, self.network)
        self.average = make_average(self.recipe, self.network)
        self.dice_loss = engines.DiceLoss(sigmoid=True)
        self.prepare = batch_preparation(options.architecture.in_channels)
        self.progress = Progress()
        self.current = _EpochState()
        options.out.mkdir(parents=True, exist_ok=True)
        self.sampler, self.trainer = self._make_trainer()
        self.evaluators = {item.name: self._make_evaluator(item) for item in self._validated()}
        if (options.out / CHECKPOINT_NAME).exists():
            self._restore()

    def run(self) -> Progress:
        """Train until the budget is spent or validation stops improving; return the progress.

        Raises `TrainingError` if the loss is no longer finite.
        """
        if not self._finished():
            self.current = _EpochState()
            self.trainer.run()
        if not np.isfinite(self.current.losses).all():
            message = f"the loss is not finite after {self.progress.steps} steps: choose a lower learning rate"
            raise TrainingError(message)
        return self.progress

    def loss(self, logits: Tensor, label: Tensor) -> Tensor:
        """Return the recipe's loss of logits (N, 1, H, W) for labels in [0, 1]: cross-entropy with or without Dice."""
        loss = binary_cross_entropy_with_logits(logits, label)
        if self.recipe.dice_weight:
            loss = loss + self.recipe.dice_weight * self.dice_loss(logits, label)
        return loss

    def _make_trainer(self) -> tuple[EpochSampler, engines.SupervisedTrainer]:
        sampler, loader = training_loader(self.options, self.exams, pin_memory=self.device.type == "cuda")
        trainer = engines.SupervisedTrainer(
            device=self.device,
            max_epochs=self.options.last_epoch,
            train_data_loader=loader,
            network=Autocast(self.network, enabled=self.recipe.bfloat16),
            optimizer=self.optimiser,
            loss_function=self.loss,
            prepare_batch=self.prepare,
            optim_set_to_none=True,
            decollate=False,
        )
        trainer.add_event_handler(engines.Events.ITERATION_STARTED, self._set_rate)
        trainer.add_event_handler(engines.IterationEvents.BACKWARD_COMPLETED, self._clip)
        trainer.add_event_handler(engines.Events.ITERATION_COMPLETED, self._after_step)
        trainer.add_event_handler(
            engines.Events.ITERATION_COMPLETED, engines.TerminateOnNan(lambda output: output[engines.CommonKeys.LOSS])
        )
        trainer.add_event_handler(engines.Events.EPOCH_COMPLETED, self._after_epoch)
        if sys.stderr.isatty():
            engines.ProgressBar(desc="epoch").attach(
                trainer, output_transform=lambda output: output[engines.CommonKeys.LOSS].item()
            )
        return sampler, trainer

    def _make_evaluator(self, situation: Situation) -> engines.SupervisedEvaluator:
        return engines.SupervisedEvaluator(
            device=self.device,
            val_data_loader=validation_loader(self.options, self.validation, situation),
            network=Autocast(self._evaluated(), enabled=self.recipe.bfloat16),
            prepare_batch=self.prepare,
            key_val_metric={"dice": engines.MeanDice(output_transform=_binary, save_details=False)},
            decollate=False,
        )

    def _validated(self) -> list[Situation]:
        wanted = [MASKED] if self.recipe.inputs == "masked" else [EVERYTHING, MASKED]
        found = [situation for situation in wanted if only_suitable(self.validation, situation)]
        if not found:
            message = "no validation exam has the series that this recipe trains on: add exams to the cohort"
            raise CohortError(message)
        return found

    def _evaluated(self) -> nn.Module:
        averaged: nn.Module = self.average.module
        return averaged if self.recipe.ema_decay else self.network

    def _set_rate(self, _: engines.Engine) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, self._share())

    def _clip(self, _: engines.Engine) -> None:
        if self.recipe.gradient_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.gradient_norm)

    def _after_step(self, engine: engines.Engine) -> None:
        output = engine.state.output
        if self.recipe.ema_decay:
            self.average.update_parameters(self.network)
        self.current.losses.append(float(output[engines.CommonKeys.LOSS].detach()))
        self.progress.steps += 1
        self.progress.images += len(output[engines.CommonKeys.LABEL])
        self._tick()
        if self._share() >= 1.0:
            engine.terminate_epoch()

    def _after_epoch(self, engine: engines.Engine) -> None:
        self.progress.epoch = engine.state.epoch
        dice = self.validate()
        self._tick()
        score = float(np.mean(list(dice.values())))
        row = {
            "epoch": self.progress.epoch,
            "steps": self.progress.steps,
            "images": self.progress.images,
            "elapsed_min": self.progress.elapsed_s / 60,
            "learning_rate": float(self.optimiser.param_groups[0]["lr"]),
            "loss": float(np.mean(self.current.losses)),
        } | {f"dice_{name}": value for name, value in dice.items()}
        append_row(self.options.out, row)
        plot(self.options.out)
        print(", ".join(f"{name} {value:.5g}" for name, value in row.items()), flush=True)
        self.current.losses.clear()
        self._keep(score)
        if self._finished():
            engine.terminate()
        if self.options.after_epoch is not None:
            self.options.after_epoch(self.progress.epoch, score)

    def validate(self) -> dict[str, float]:
        """Return the mean Dice over validation slices that show liver, by input situation."""
        dice = {}
        for name, evaluator in self.evaluators.items():
            evaluator.run()
            dice[name] = float(evaluator.state.metrics["dice"])
        return dice

    def _keep(self, score: float) -> None:
        better = not math.isnan(score) and score > self.progress.best_dice
        self.progress.worse_epochs = 0 if better else self.progress.worse_epochs + 1
        if better:
            self.progress.best_dice = score
            write_checkpoint(self.options.out / BEST_NAME, self._description())
        state = self._description() | {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        write_checkpoint(self.options.out / CHECKPOINT_NAME, state)

    def _share(self) -> float:
        """Return the share of the budget that is spent."""
        epoch_length: int = self.trainer.state.epoch_length
        epochs = self.progress.steps / (self.options.last_epoch * epoch_length)
        minutes = self.progress.elapsed_s / (60 * self.options.minutes) if self.options.minutes else 0.0
        return max(epochs, minutes)

    def _finished(self) -> bool:
        stalled = 0 < self.recipe.patience <= self.progress.worse_epochs
        return stalled or self._share() >= 1.0 or self.progress.epoch >= self.options.last_epoch

    def _tick(self) -> None:
        now = time.monotonic()
        self.progress.elapsed_s += now - self.current.clock
        self.current.clock = now

    def _description(self) -> dict[str, Any]:
        return {
            "architecture": asdict(self.options.architecture),
            "recipe": asdict(self.recipe),
            "size": self.options.size,
            "pooling": self.options.pooling,
            "field_of_view_mm": list(INPUT_FIELD_OF_VIEW_MM),
            "seed": self.options.seed,
            "device": self.device.type,
            "history": self.history,
            "progress": asdict(self.progress),
            "exams": [exam.name for exam in self.exams],
            "patients": sorted({exam.patient for exam in [*self.exams, *self.validation]}),
            "origins": sorted({exam.origin for exam in self.exams}),
            "slices": sum(len(exam.liver) for exam in self.exams),
            "made_by": sorted({exam.made_by for exam in self.exams}),
            "weights": self._evaluated().state_dict(),
        }

    def _restore(self) -> None:
        state = torch.load(self.options.out / CHECKPOINT_NAME, map_location=self.device, weights_only=True)
        settings = self._description()
        changed = [name for name in _SETTINGS if state[name] != settings[name]]
        if changed:
            message = f"the run in this folder has another {changed[0]}: resume it with its own settings"
            raise TrainingError(message)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])
        self.history = state["history"]
        self.trainer.state.epoch, self.trainer.state.iteration = self.progress.epoch, self.progress.steps
        self.sampler.epoch = self.progress.epoch
        keep_rows(self.options.out, self.progress.epoch)


def _binary(output: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return prediction and label of a batch as 0 and 1."""
    return (output[engines.CommonKeys.PRED] > 0).float(), (output[engines.CommonKeys.LABEL] > _HALF).float()
