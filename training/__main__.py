"""Command line of the training side: `python -m training cohort|train|evaluate|publish`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Commands import what they need when they run, so that workers of `cohort` never load torch.


def _cohort(arguments: argparse.Namespace) -> None:
    from training.cohort import build_cohort

    build_cohort(arguments.out, exams=arguments.exams, first_seed=arguments.first_seed, workers=arguments.workers)


def _train(arguments: argparse.Namespace) -> None:
    from training.config import RECIPES
    from training.network import Architecture
    from training.train import Trainer, TrainOptions

    options = TrainOptions(
        data=arguments.data,
        out=arguments.out,
        recipe=RECIPES[arguments.recipe].with_overrides(arguments.batch_size, arguments.learning_rate),
        size=arguments.size,
        minutes=arguments.minutes,
        epochs=arguments.epochs,
        seed=arguments.seed,
        architecture=Architecture(encoder=arguments.encoder),
        init=arguments.init,
        resume=arguments.resume,
        checkpoint_minutes=arguments.checkpoint_minutes,
        epoch_slices=arguments.epoch_slices,
        validation_slices=arguments.validation_slices,
        min_exams=arguments.min_exams,
        threads=arguments.threads,
        workers=arguments.workers,
    )
    Trainer(options).run()


def _evaluate(arguments: argparse.Namespace) -> None:
    from training.evaluate import evaluate

    report = evaluate(
        arguments.data,
        arguments.weights,
        arguments.out,
        size=arguments.size,
        split=None if arguments.split == "all" else arguments.split,
        limit=arguments.limit,
        bfloat16=arguments.bfloat16,
        pooling=arguments.pooling,
    )
    print(json.dumps({name: value for name, value in report.items() if name != "seeds"}, indent=2))


def _publish(arguments: argparse.Namespace) -> None:
    from training.publish import publish

    publish(arguments.weights, arguments.evaluation, arguments.model_dir, hardware=arguments.hardware)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True)

    cohort = commands.add_parser("cohort", help="simulate a cohort; existing exams are kept")
    cohort.add_argument("--exams", type=int, required=True)
    cohort.add_argument("--first-seed", type=int, default=0)
    cohort.add_argument("--out", type=Path, required=True)
    cohort.add_argument("--workers", type=int, default=1)
    cohort.set_defaults(action=_cohort)

    train = commands.add_parser("train", help="train the network; the cohort may still be growing")
    train.add_argument("--data", type=Path, required=True)
    train.add_argument("--out", type=Path, required=True)
    train.add_argument("--recipe", choices=("fast", "paper"), default="fast")
    train.add_argument("--batch-size", type=int, help="instead of the recipe's")
    train.add_argument("--learning-rate", type=float, help="peak rate instead of the recipe's")
    train.add_argument("--size", type=int, default=256)
    train.add_argument("--minutes", type=float)
    train.add_argument("--epochs", type=int)
    train.add_argument("--seed", type=int, default=20251)
    train.add_argument("--encoder", default="resnext50_32x4d")
    train.add_argument("--init", type=Path, help="checkpoint to take the weights from")
    train.add_argument("--resume", action="store_true", help="continue the run in --out")
    train.add_argument("--checkpoint-minutes", type=float, default=5.0)
    train.add_argument("--epoch-slices", type=int, default=800)
    train.add_argument("--validation-slices", type=int, default=64)
    train.add_argument("--min-exams", type=int, default=1)
    train.add_argument("--threads", type=int, default=0)
    train.add_argument("--workers", type=int, default=0)
    train.set_defaults(action=_train)

    evaluate = commands.add_parser("evaluate", help="measure a checkpoint on held-out simulated exams")
    evaluate.add_argument("--data", type=Path, required=True)
    evaluate.add_argument("--weights", type=Path, required=True)
    evaluate.add_argument("--out", type=Path, required=True, help="JSON file; a CSV is written beside it")
    evaluate.add_argument("--size", type=int, default=512)
    evaluate.add_argument("--pooling", type=int, default=1, help="factor by which the network's grid is coarser")
    evaluate.add_argument("--split", choices=("test", "validation", "all"), default="test")
    evaluate.add_argument("--limit", type=int)
    evaluate.add_argument("--bfloat16", action="store_true")
    evaluate.set_defaults(action=_evaluate)

    publish = commands.add_parser("publish", help="write weights.safetensors and card.json from a checkpoint")
    publish.add_argument("--weights", type=Path, required=True)
    publish.add_argument("--evaluation", type=Path, required=True)
    publish.add_argument("--model-dir", type=Path, default=Path("models/liver_segmentation"))
    publish.add_argument("--hardware", required=True, help="what the training ran on, in words")
    publish.set_defaults(action=_publish)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = _parser().parse_args(argv)
    if getattr(arguments, "minutes", 0) is None and arguments.epochs is None:
        print("train needs --minutes, --epochs or both", file=sys.stderr)
        return 2
    arguments.action(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
