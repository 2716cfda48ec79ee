"""Commands of the studies behind the measurement: predicted livers, rules of the region, calibrated intervals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names it in no other way

WORDS: Final = ("livers", "roi-study", "interval-study", "refusal-study")
_MODEL: Final = Path("models/liver_segmentation")


def add_commands(commands: Commands) -> None:
    """Add the commands to the command line of training."""
    _add_livers(commands)
    _add_roi_study(commands)
    _add_interval_study(commands)
    _add_refusal_study(commands)


def _livers(arguments: argparse.Namespace) -> int:
    from training.segmentation.predicted_livers import predict_livers

    split = None if arguments.split == "all" else arguments.split
    count = predict_livers(
        arguments.data,
        arguments.model,
        arguments.out,
        split=split,
        situation=arguments.situation,
        limit=arguments.limit,
    )
    print(f"{count} predicted livers in {arguments.out}")
    return 0


def _roi_study(arguments: argparse.Namespace) -> int:
    from training.experiments.region_rules import study

    summary = study(arguments.data, arguments.out, livers=arguments.livers, limit=arguments.limit)
    print(json.dumps({name: summary[name] for name in ("exams", "exams_without_truth", "livers")}, indent=2))
    print((arguments.out / "roi.md").read_text(encoding="utf-8"))
    return 0


def _interval_study(arguments: argparse.Namespace) -> int:
    from training.experiments.interval import study

    study(arguments.data, arguments.livers, arguments.out, limit=arguments.limit)
    print((arguments.out / "coverage.md").read_text(encoding="utf-8"))
    return 0


def _refusal_study(arguments: argparse.Namespace) -> int:
    from training.experiments.refusals import study

    study(arguments.data, arguments.out, limit=arguments.limit)
    print((arguments.out / "refusals.md").read_text(encoding="utf-8"))
    return 0


def _add_livers(commands: Commands) -> None:
    livers = commands.add_parser("livers", help="predict the livers of a simulated cohort, for the studies below")
    livers.add_argument("--data", type=Path, required=True, metavar="DIR", help="simulated cohort")
    livers.add_argument("--model", type=Path, default=_MODEL, metavar="PATH", help="checkpoint or model folder")
    livers.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the predicted livers")
    livers.add_argument("--split", choices=("all", "train", "validation", "test"), default="all")
    livers.add_argument("--situation", default="", metavar="NAME", help="default: the first that it was made for")
    livers.add_argument("--limit", type=int, metavar="N", help="exams")
    livers.set_defaults(action=_livers)


def _add_roi_study(commands: Commands) -> None:
    study = commands.add_parser("roi-study", help="what each rule of the measured region does to the stiffness")
    study.add_argument("--data", type=Path, required=True, metavar="DIR", help="simulated cohort")
    study.add_argument("--livers", type=Path, metavar="DIR", help="predicted livers; by default the true liver alone")
    study.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the tables")
    study.add_argument("--limit", type=int, metavar="N", help="exams")
    study.set_defaults(action=_roi_study)


def _add_interval_study(commands: Commands) -> None:
    study = commands.add_parser("interval-study", help="calibrate the 95 %% interval and check how often it is right")
    study.add_argument("--data", type=Path, required=True, metavar="DIR", help="simulated cohort")
    study.add_argument(
        "--livers",
        type=Path,
        required=True,
        nargs="+",
        metavar="DIR",
        help="predicted livers of unseen exams, a folder an input",
    )
    study.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for interval.json and the tables")
    study.add_argument("--limit", type=int, metavar="N", help="exams")
    study.set_defaults(action=_interval_study)


def _add_refusal_study(commands: Commands) -> None:
    study = commands.add_parser("refusal-study", help="which simulated exams the application gives a number; resumable")
    study.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR", help="simulated cohorts")
    study.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the tables")
    study.add_argument("--limit", type=int, metavar="N", help="exams of each cohort")
    study.set_defaults(action=_refusal_study)
