"""Words for the quality networks: train, evaluate, calibrate, publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from training.commands import options

if TYPE_CHECKING:
    import argparse

WORDS: Final = ("train-quality", "evaluate-quality", "calibrate-quality", "publish-quality")
NETWORKS: Final = ("resnet18", "resnet34", "resnet50", "squeezenet1_1", "mobilenet_v2")


def add(commands: options.Commands[Any]) -> None:
    """Add the words to the command line."""
    train = commands.add_parser("train-quality", help="compare slice classifiers in cross-validation; resumable")
    options.cohorts(train)
    options.folder(train, "--out", "folder of the run")
    _add_livers(train)
    train.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="default: all")
    train.add_argument("--epochs", type=int, help="of each fold (default: 16 for SqueezeNet, 4 for the others)")
    train.add_argument("--folds", type=int, nargs="+", choices=range(1, 9), default=range(1, 9), metavar="K")
    options.limit(train)
    options.threads(train)
    train.set_defaults(action=_train)

    evaluate = commands.add_parser("evaluate-quality", help="evaluate the vote of the eight fold networks")
    options.folder(evaluate, "--run", "folder of train-quality")
    options.cohorts(evaluate)
    _add_livers(evaluate)
    evaluate.add_argument("--network", choices=NETWORKS, help="default: the best of the comparison")
    options.folder(evaluate, "--train-data", "training cohorts, to refuse overlap", nargs="+", default=[])
    options.folder(evaluate, "--out", "folder for evaluation.json")
    options.limit(evaluate)
    evaluate.set_defaults(action=_evaluate)

    calibrate = commands.add_parser("calibrate-quality", help="calibrate the limits of physical numbers")
    options.cohorts(calibrate)
    options.folder(calibrate, "--beside", "other cohorts to evaluate the limits on", nargs="+", default=[])
    _add_livers(calibrate)
    options.folder(calibrate, "--out", "folder for limits.json and evidence.json")
    options.limit(calibrate)
    calibrate.set_defaults(action=_calibrate)

    publish = commands.add_parser("publish-quality", help="write the fold networks to a model folder")
    options.folder(publish, "--run", "folder of train-quality")
    publish.add_argument("--evaluation", type=Path, required=True, metavar="FILE", help="its evaluation.json")
    options.folder(publish, "--model-dir", "default: %(default)s", default=options.QUALITY_DIR)
    publish.add_argument("--hardware", required=True, help="hardware of the training, in words")
    publish.add_argument("--version", required=True, help="version of the model")
    publish.set_defaults(action=_publish)


def _add_livers(parser: argparse.ArgumentParser) -> None:
    options.folder(parser, "--livers", "cache of predicted livers")
    options.model(parser, "segmentation network that predicts them")


def _train(arguments: argparse.Namespace) -> int:
    from training.quality.compare import compare, markdown
    from training.segmentation.predicted_livers import open_liver_cache

    rows = compare(
        arguments.data,
        open_liver_cache(arguments.livers, arguments.model),
        arguments.out,
        arguments.networks,
        epochs=arguments.epochs,
        folds=[fold - 1 for fold in arguments.folds],
        limit=arguments.limit,
        threads=arguments.threads,
    )
    print(markdown(rows) if rows else "No network has all folds yet.")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from training.quality.evaluate import evaluate
    from training.segmentation.predicted_livers import open_liver_cache

    summary = evaluate(
        arguments.run,
        arguments.data,
        open_liver_cache(arguments.livers, arguments.model),
        arguments.out,
        architecture=arguments.network,
        train_data=arguments.train_data,
        limit=arguments.limit,
    )
    print(json.dumps(summary, indent=2))
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from training.quality.calibrate import calibrate
    from training.segmentation.predicted_livers import open_liver_cache

    livers = open_liver_cache(arguments.livers, arguments.model)
    beside = {folder.name: folder for folder in arguments.beside}
    found = calibrate(arguments.data, beside, livers, arguments.out, arguments.limit)
    print(json.dumps(found["evidence"], indent=2))
    return 0


def _publish(arguments: argparse.Namespace) -> int:
    from training.quality.publish import publish_quality

    version, hardware = arguments.version, arguments.hardware
    publish_quality(arguments.run, arguments.evaluation, arguments.model_dir, hardware=hardware, version=version)
    return 0
