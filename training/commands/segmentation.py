"""Words for the segmentation network: train, tune, evaluate, publish."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from training.commands import options

if TYPE_CHECKING:
    from training.segmentation.options import TrainOptions

WORDS: Final = ("train", "tune", "evaluate", "publish")
_OVERRIDES: Final = ("batch_size", "learning_rate", "patience", "augment", "bfloat16")
_OPTIONS: Final = (
    *("out", "size", "pooling", "minutes", "epochs", "seed", "network", "init", "resume"),
    *("epoch_slices", "validation_slices", "threads", "workers", "on_device", "without"),
)


def add(commands: options.Commands[Any]) -> None:
    """Add the words to the command line."""
    train = commands.add_parser("train", help="train a network; --resume continues an interrupted run")
    _add_training(train)
    train.set_defaults(action=_train)

    tune = commands.add_parser("tune", help="search learning rate, momentum and weight decay; repeat to continue")
    _add_training(tune)
    tune.add_argument("--trials", type=int, default=30, help="trials, including earlier calls (default: 30)")
    tune.set_defaults(action=_tune)

    evaluate = commands.add_parser("evaluate", help="evaluate a network: tables, figures and an HTML report")
    options.cohorts(evaluate, "cohort folders")
    options.model(evaluate)
    options.folder(evaluate, "--out", "folder for report.html and CSV files")
    options.split(evaluate)
    options.limit(evaluate)
    evaluate.add_argument("--situations", nargs="+", default=[], metavar="NAME", help="input situations (default: all)")
    evaluate.add_argument("--comparator", type=Path, nargs="+", default=[], metavar="PATH", help="other networks")
    evaluate.add_argument(
        "--beside", type=_labelled, nargs="+", default=[], metavar="LABEL=DIR", help="cohorts under other conditions"
    )
    options.folder(evaluate, "--train-data", "cohorts to add to the cohort table", nargs="+", default=[])
    evaluate.add_argument("--float32", action="store_true", help="instead of bfloat16")
    evaluate.set_defaults(action=_evaluate)

    publish = commands.add_parser("publish", help="write a checkpoint, or a newer evaluation, to a model folder")
    publish.add_argument(
        "--weights", type=Path, metavar="FILE", help="checkpoint, best.pt; without it the published weights are kept"
    )
    publish.add_argument("--evaluation", type=Path, required=True, metavar="FILE", help="its evaluation.json")
    options.folder(publish, "--model-dir", "default: %(default)s", default=options.SEGMENTATION_DIR)
    publish.add_argument("--hardware", default="", help="with --weights: hardware of the training, in words")
    publish.add_argument("--version", default="", help="with --weights: version of the model")
    publish.set_defaults(action=_publish)


def _add_training(parser: argparse.ArgumentParser) -> None:
    from training.segmentation.recipes import RECIPES

    options.cohorts(parser, "cohort folders")
    options.folder(parser, "--out", "folder of the run")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="strong", help="default: %(default)s")
    parser.add_argument("--network", default="resnext50", help="resnext50, plain, or an encoder (default: %(default)s)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--minutes", type=float, help="time limit, which the learning rate schedule follows")
    parser.add_argument("--init", type=Path, metavar="PATH", help="checkpoint or published model to start from")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--size", type=int, default=128, help="grid of the network in pixels (default: %(default)s)")
    parser.add_argument("--pooling", type=int, default=4, help="input pixels per grid pixel (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, help="instead of the recipe's")
    parser.add_argument("--learning-rate", type=float, help="peak rate instead of the recipe's")
    parser.add_argument("--patience", type=int, help="epochs without improvement before stopping; 0 disables")
    parser.add_argument("--augment", action=argparse.BooleanOptionalAction, help="instead of the recipe's")
    parser.add_argument("--bfloat16", action=argparse.BooleanOptionalAction, help="instead of the recipe's")
    parser.add_argument("--seed", type=int, default=20251)
    parser.add_argument("--epoch-slices", type=int, default=800, help="slices per epoch (default: %(default)s)")
    parser.add_argument("--validation-slices", type=int, default=160, help="default: %(default)s")
    options.threads(parser)
    parser.add_argument("--on-device", action="store_true", help="make batches on the GPU, which holds all exams")
    parser.add_argument(
        "--without", default="", metavar="FAMILY", help="leave out a family's components of physics, and label maps"
    )
    parser.add_argument("--workers", type=int, default=0, help="loader processes (default: none)")


def _labelled(text: str) -> tuple[str, Path]:
    label, _, folder = text.rpartition("=")
    if not label:
        raise argparse.ArgumentTypeError("must be LABEL=DIR")  # noqa: EM101, TRY003 - argparse prints it
    return label, Path(folder)


def _train(arguments: argparse.Namespace) -> int:
    from training.segmentation.train import Training

    Training(_train_options(arguments)).run()
    return 0


def _tune(arguments: argparse.Namespace) -> int:
    from training.segmentation.search import tune

    print(json.dumps(tune(_train_options(arguments), arguments.trials), indent=2))
    return 0


def _train_options(arguments: argparse.Namespace) -> TrainOptions:
    from training.segmentation.options import TrainOptions
    from training.segmentation.recipes import RECIPES

    recipe = RECIPES[arguments.recipe].with_overrides(**{name: getattr(arguments, name) for name in _OVERRIDES})
    values = {name: getattr(arguments, name) for name in _OPTIONS}
    return TrainOptions(data=tuple(arguments.data), recipe=recipe, **values)


def _evaluate(arguments: argparse.Namespace) -> int:
    from training.segmentation.evaluate import REPORT_NAME, EvaluateOptions, evaluate

    summary = evaluate(
        EvaluateOptions(
            data=tuple(arguments.data),
            model=arguments.model,
            out=arguments.out,
            split=options.chosen_split(arguments),
            limit=arguments.limit,
            situations=tuple(arguments.situations),
            comparators=tuple(arguments.comparator),
            conditions=dict(arguments.beside),
            train_data=tuple(arguments.train_data),
            bfloat16=not arguments.float32,
        )
    )
    shown = {name: summary[name] for name in ("data", "exams")} | {"main": summary["situations"][summary["main"]]}
    print(json.dumps(shown, indent=2, ensure_ascii=False))
    print(arguments.out / REPORT_NAME)
    return 0


def _publish(arguments: argparse.Namespace) -> int:
    from training.errors import PublishError
    from training.segmentation.publish import publish, publish_evaluation

    given = (arguments.weights is not None, bool(arguments.hardware), bool(arguments.version))
    if any(given) != all(given):
        message = "--weights, --hardware and --version belong together: give all three, or none to keep the weights"
        raise PublishError(message)
    if arguments.weights is None:
        publish_evaluation(arguments.evaluation, arguments.model_dir)
    else:
        version, hardware = arguments.version, arguments.hardware
        publish(arguments.weights, arguments.evaluation, arguments.model_dir, hardware=hardware, version=version)
    return 0
