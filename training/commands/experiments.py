"""Words for the experiments behind the measurement: predicted livers, region rules, intervals, refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from training.commands import options

if TYPE_CHECKING:
    import argparse

WORDS: Final = ("livers", "roi-study", "interval-study", "refusal-study")


def add(commands: options.Commands[Any]) -> None:
    """Add the words to the command line."""
    livers = commands.add_parser("livers", help="predict the livers of a simulated cohort, for the experiments below")
    options.folder(livers, "--data", "simulated cohort")
    options.model(livers)
    options.folder(livers, "--out", "folder for the predicted livers")
    options.split(livers)
    livers.add_argument("--situation", default="", metavar="NAME", help="input situation (default: the first)")
    options.limit(livers, "largest number of exams")
    livers.set_defaults(action=_livers)

    rules = commands.add_parser("roi-study", help="effect of each region rule on the stiffness")
    options.folder(rules, "--data", "simulated cohort")
    options.folder(rules, "--livers", "predicted livers (default: true livers only)", default=None)
    options.folder(rules, "--out", "folder for the tables")
    options.limit(rules, "largest number of exams")
    rules.set_defaults(action=_compare_rules)

    interval = commands.add_parser("interval-study", help="calibrate the 95 %% interval, cross-validate coverage")
    options.folder(interval, "--data", "simulated cohort")
    options.folder(interval, "--livers", "predicted livers of held-out exams, a folder per input situation", nargs="+")
    options.folder(interval, "--out", "folder for interval.json and the tables")
    options.limit(interval, "largest number of exams")
    interval.set_defaults(action=_calibrate_intervals)

    refusals = commands.add_parser("refusal-study", help="which simulated exams the application measures; resumable")
    options.cohorts(refusals)
    options.folder(refusals, "--out", "folder for the tables")
    options.limit(refusals)
    refusals.set_defaults(action=_run_refusals)


def _livers(arguments: argparse.Namespace) -> int:
    from training.segmentation.predicted_livers import predict_livers

    count = predict_livers(
        arguments.data,
        arguments.model,
        arguments.out,
        split=options.chosen_split(arguments),
        situation=arguments.situation,
        limit=arguments.limit,
    )
    print(f"{count} predicted livers in {arguments.out}")
    return 0


def _compare_rules(arguments: argparse.Namespace) -> int:
    from training.experiments.region_rules import compare_rules

    summary = compare_rules(arguments.data, arguments.out, livers=arguments.livers, limit=arguments.limit)
    print(json.dumps({name: summary[name] for name in ("exams", "exams_without_truth", "livers")}, indent=2))
    print((arguments.out / "roi.md").read_text(encoding="utf-8"))
    return 0


def _calibrate_intervals(arguments: argparse.Namespace) -> int:
    from training.experiments.interval import calibrate_intervals

    calibrate_intervals(arguments.data, arguments.livers, arguments.out, limit=arguments.limit)
    print((arguments.out / "coverage.md").read_text(encoding="utf-8"))
    return 0


def _run_refusals(arguments: argparse.Namespace) -> int:
    from training.experiments.refusals import run_refusals

    run_refusals(arguments.data, arguments.out, limit=arguments.limit)
    print((arguments.out / "refusals.md").read_text(encoding="utf-8"))
    return 0
