"""Command line of simulation, training and evaluation: `liver-mre WORD`, or `python -m training WORD`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from training.commands import experiments as measurement_commands
from training.commands.quality import QUALITY_WORDS, add_quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.segmentation.options import TrainOptions

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names it in no other way

WORDS: Final = (
    *("simulate", "prepare", "train", "tune", "evaluate", "publish"),
    *measurement_commands.WORDS,
    *QUALITY_WORDS,
)
MODEL_DIR: Final = Path("models/liver_segmentation")
FAILED: Final = 2

# Commands import what they need when they run, so that help answers at once and simulation never loads torch.


def _cohort(arguments: argparse.Namespace) -> int:
    from training.cohort.simulate import run

    return run(arguments)


def _prepare(arguments: argparse.Namespace) -> int:
    from training.cohort.prepare import PrepareOptions, prepare

    report = prepare(PrepareOptions(arguments.data, arguments.out, arguments.masks, arguments.stages, arguments.label))
    _say(report)
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from training.segmentation.train import Training

    Training(_train_options(arguments)).run()
    return 0


def _tune(arguments: argparse.Namespace) -> int:
    from training.segmentation.search import SearchOptions, tune

    _say(tune(SearchOptions(_train_options(arguments), arguments.trials)))
    return 0


def _train_options(arguments: argparse.Namespace) -> TrainOptions:
    from training.segmentation.options import TrainOptions
    from training.segmentation.recipes import RECIPES

    recipe = RECIPES[arguments.recipe].with_overrides(
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        patience=arguments.patience,
        augment=arguments.augment,
        bfloat16=arguments.bfloat16,
    )
    names = ("out", "size", "pooling", "minutes", "epochs", "seed", "network", "init", "resume")
    more = ("epoch_slices", "validation_slices", "threads", "workers")
    return TrainOptions(
        data=tuple(arguments.data), recipe=recipe, **{name: getattr(arguments, name) for name in (*names, *more)}
    )


def _evaluate(arguments: argparse.Namespace) -> int:
    from training.segmentation.evaluate import REPORT_NAME, EvaluateOptions, evaluate

    summary = evaluate(
        EvaluateOptions(
            data=tuple(arguments.data),
            model=arguments.model,
            out=arguments.out,
            split=None if arguments.split == "all" else arguments.split,
            limit=arguments.limit,
            situations=tuple(arguments.situations),
            comparators=tuple(arguments.comparator),
            beside=dict(arguments.beside),
            train_data=tuple(arguments.train_data),
            bfloat16=not arguments.float32,
        )
    )
    _say({name: summary[name] for name in ("data", "exams", "main")} | {"main": summary["situations"][summary["main"]]})
    print(arguments.out / REPORT_NAME)
    return 0


def _publish(arguments: argparse.Namespace) -> int:
    from training.errors import PublishError
    from training.segmentation.publish import publish, publish_evaluation

    told = bool(arguments.hardware), bool(arguments.version)
    if told != (arguments.weights is not None,) * 2:
        message = "--weights, --hardware and --version belong together: give all three, or none to keep the weights"
        raise PublishError(message)
    if arguments.weights is None:
        publish_evaluation(arguments.evaluation, arguments.model_dir)
        return 0
    publish(
        arguments.weights,
        arguments.evaluation,
        arguments.model_dir,
        hardware=arguments.hardware,
        version=arguments.version,
    )
    return 0


def _say(content: dict[str, Any]) -> None:
    print(json.dumps(content, indent=2, ensure_ascii=False))


def _labelled(text: str) -> tuple[str, Path]:
    label, _, folder = text.rpartition("=")
    if not label:
        raise argparse.ArgumentTypeError("must be LABEL=DIR")  # noqa: EM101, TRY003 - argparse prints it
    return label, Path(folder)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="WORD")
    for add in (_add_simulate, _add_prepare, _add_train, _add_tune, _add_evaluate, _add_publish, add_quality):
        add(commands)
    measurement_commands.add_commands(commands)
    return parser


def _add_simulate(commands: Commands) -> None:
    from training.cohort.simulate import add_arguments

    simulate = commands.add_parser("simulate", help="simulate a cohort; exams that exist are kept")
    cohort = simulate.add_subparsers(required=True, metavar="cohort").add_parser("cohort", help="simulate a cohort")
    add_arguments(cohort)
    cohort.set_defaults(action=_cohort)


def _add_prepare(commands: Commands) -> None:
    prepare = commands.add_parser("prepare", help="make your own DICOM studies and liver masks into exams")
    prepare.add_argument("--data", type=Path, required=True, metavar="DIR", help="DICOM studies, SEG among them")
    prepare.add_argument(
        "--masks", type=Path, metavar="DIR", help="NIfTI masks named <StudyInstanceUID>.nii.gz, or SEG"
    )
    prepare.add_argument("--label", type=int, metavar="N", help="value of the liver in NIfTI masks of several labels")
    prepare.add_argument("--stages", type=Path, metavar="CSV", help="columns study_instance_uid and stage (F0 to F4)")
    prepare.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for exams and report.json")
    prepare.set_defaults(action=_prepare)


def _add_train(commands: Commands) -> None:
    train = commands.add_parser("train", help="train a network; --resume continues an interrupted run")
    _add_training(train)
    train.set_defaults(action=_train)


def _add_tune(commands: Commands) -> None:
    tune = commands.add_parser("tune", help="search learning rate, momentum and weight decay; call again to continue")
    _add_training(tune)
    tune.add_argument("--trials", type=int, default=30, help="trials in all, earlier calls included (default: 30)")
    tune.set_defaults(action=_tune)


def _add_training(parser: argparse.ArgumentParser) -> None:
    from training.segmentation.recipes import RECIPES

    parser.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR", help="cohort folders")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="strong", help="default: %(default)s")
    parser.add_argument("--network", default="resnext50", help="resnext50, plain, or an encoder (default: %(default)s)")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--minutes", type=float, help="end after this time; the learning rate follows it")
    parser.add_argument("--init", type=Path, metavar="PATH", help="checkpoint or published model to start from")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--size", type=int, default=128, help="the network's own grid (default: %(default)s)")
    parser.add_argument("--pooling", type=int, default=4, help="the input is finer by this (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, help="instead of the recipe's")
    parser.add_argument("--learning-rate", type=float, help="peak rate instead of the recipe's")
    parser.add_argument("--patience", type=int, help="epochs without improvement to stop after; 0 never")
    parser.add_argument("--augment", action=argparse.BooleanOptionalAction, help="instead of the recipe's")
    parser.add_argument("--bfloat16", action=argparse.BooleanOptionalAction, help="instead of the recipe's")
    parser.add_argument("--seed", type=int, default=20251)
    parser.add_argument("--epoch-slices", type=int, default=800, help="slices an epoch (default: %(default)s)")
    parser.add_argument("--validation-slices", type=int, default=160, help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0: its choice")
    parser.add_argument("--workers", type=int, default=0, help="loader processes; 0: none")


def _add_evaluate(commands: Commands) -> None:
    evaluate = commands.add_parser("evaluate", help="write tables, figures and an HTML report")
    evaluate.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR", help="cohort folders")
    evaluate.add_argument("--model", type=Path, default=MODEL_DIR, metavar="PATH", help="checkpoint or model folder")
    evaluate.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for report.html and CSV")
    evaluate.add_argument("--split", choices=("all", "train", "validation", "test"), default="all")
    evaluate.add_argument("--limit", type=int, metavar="N", help="exams of each cohort")
    evaluate.add_argument("--situations", nargs="+", default=[], metavar="NAME", help="default: all it was made for")
    evaluate.add_argument("--comparator", type=Path, nargs="+", default=[], metavar="PATH", help="other networks")
    evaluate.add_argument(
        "--beside", type=_labelled, nargs="+", default=[], metavar="LABEL=DIR", help="cohorts under other conditions"
    )
    evaluate.add_argument("--train-data", type=Path, nargs="+", default=[], metavar="DIR", help="for the cohort table")
    evaluate.add_argument("--float32", action="store_true", help="instead of bfloat16")
    evaluate.set_defaults(action=_evaluate)


def _add_publish(commands: Commands) -> None:
    publish = commands.add_parser("publish", help="write a checkpoint, or a newer evaluation, to a model's folder")
    publish.add_argument(
        "--weights", type=Path, metavar="FILE", help="checkpoint, best.pt; without it the published weights stay"
    )
    publish.add_argument("--evaluation", type=Path, required=True, metavar="FILE", help="its evaluation.json")
    publish.add_argument("--model-dir", type=Path, default=MODEL_DIR, metavar="DIR")
    publish.add_argument("--hardware", default="", help="with --weights: what the training ran on, in words")
    publish.add_argument("--version", default="", help="with --weights: version of the model")
    publish.set_defaults(action=_publish)


def main(argv: Sequence[str] | None = None, prog: str = "python -m training") -> int:
    """Run one command; returns the exit status: 2 for what the user can put right."""
    arguments = _parser(prog).parse_args(argv)
    from liver_mre.errors import MreError
    from training.cohort.store import CohortError
    from training.errors import ReportedError

    try:
        return int(arguments.action(arguments))
    except (CohortError, MreError, ReportedError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return FAILED
    except ModuleNotFoundError as error:
        print(f"{prog}: {error.name} is not installed: pip install -r requirements-dev.txt", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"{prog}: interrupted; what was finished is kept", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
