"""The words of quality control on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

QUALITY_WORDS: Final = ("train-quality", "evaluate-quality", "calibrate-quality", "publish-quality")
QUALITY_DIR: Final = Path("models/quality_control")
NETWORKS: Final = ("resnet18", "resnet34", "resnet50", "squeezenet1_1", "mobilenet_v2")
SEGMENTATION_DIR: Final = Path("models/liver_segmentation")


def add_quality(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:  # argparse has no other name
    """Add the words to a parser."""
    train = commands.add_parser("train-quality", help="compare slice classifiers in cross-validation; resumable")
    train.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR", help="simulated cohorts")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    _add_livers(train)
    train.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="default: all")
    train.add_argument("--epochs", type=int, help="of each fold (default: 16 of SqueezeNet, 4 of the others)")
    train.add_argument("--folds", type=int, nargs="+", choices=range(1, 9), default=range(1, 9), metavar="K")
    train.add_argument("--limit", type=int, metavar="N", help="exams of each cohort")
    train.add_argument("--threads", type=int, default=0, help="of torch; 0: its choice")
    train.set_defaults(action=_train)
    evaluate = commands.add_parser("evaluate-quality", help="let the eight fold models vote on other patients")
    evaluate.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder of train-quality")
    evaluate.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR", help="simulated cohorts")
    _add_livers(evaluate)
    evaluate.add_argument("--network", choices=NETWORKS, help="default: the best of the comparison")
    evaluate.add_argument("--train-data", type=Path, nargs="+", default=[], metavar="DIR", help="to refuse overlap")
    evaluate.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for evaluation.json")
    evaluate.add_argument("--limit", type=int, metavar="N", help="exams of each cohort")
    evaluate.set_defaults(action=_evaluate)
    calibrate = commands.add_parser("calibrate-quality", help="find the limits of physical numbers, and try them")
    calibrate.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR", help="simulated cohorts")
    calibrate.add_argument("--beside", type=Path, nargs="+", default=[], metavar="DIR", help="to try them on")
    _add_livers(calibrate)
    calibrate.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for limits.json")
    calibrate.add_argument("--limit", type=int, metavar="N", help="exams of each cohort")
    calibrate.set_defaults(action=_calibrate)
    publish = commands.add_parser("publish-quality", help="write weights.safetensors and card.json of the vote")
    publish.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder of train-quality")
    publish.add_argument("--evaluation", type=Path, required=True, metavar="FILE", help="its evaluation.json")
    publish.add_argument("--model-dir", type=Path, default=QUALITY_DIR, metavar="DIR")
    publish.add_argument("--hardware", required=True, help="what the training ran on, in words")
    publish.add_argument("--version", required=True, help="version of the model")
    publish.set_defaults(action=_publish)


def _add_livers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--livers", type=Path, required=True, metavar="DIR", help="predicted livers are kept in it")
    parser.add_argument("--model", type=Path, default=SEGMENTATION_DIR, metavar="PATH", help="what predicts them")


def _train(arguments: argparse.Namespace) -> int:
    from training.quality.compare import CompareOptions, compare, markdown
    from training.quality.liver_cache import open_livers

    rows = compare(
        CompareOptions(
            data=tuple(arguments.data),
            livers=open_livers(arguments.livers, arguments.model),
            out=arguments.out,
            architectures=tuple(arguments.networks),
            epochs=arguments.epochs,
            folds=tuple(fold - 1 for fold in arguments.folds),
            limit=arguments.limit,
            threads=arguments.threads,
        )
    )
    print(markdown(rows) if rows else "No network has all its folds yet.")
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from training.quality.evaluate import evaluate
    from training.quality.liver_cache import open_livers

    summary = evaluate(
        arguments.run,
        arguments.data,
        open_livers(arguments.livers, arguments.model),
        arguments.out,
        architecture=arguments.network,
        train_data=arguments.train_data,
        limit=arguments.limit,
    )
    print(json.dumps(summary, indent=2))
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    from training.quality.calibrate import calibrate
    from training.quality.liver_cache import open_livers

    beside = {folder.name: folder for folder in arguments.beside}
    found = calibrate(
        arguments.data, beside, open_livers(arguments.livers, arguments.model), arguments.out, arguments.limit
    )
    print(json.dumps(found["evidence"], indent=2))
    return 0


def _publish(arguments: argparse.Namespace) -> int:
    from training.quality.publish import publish_quality

    publish_quality(
        arguments.run,
        arguments.evaluation,
        arguments.model_dir,
        hardware=arguments.hardware,
        version=arguments.version,
    )
    return 0
