"""Words for cohorts: simulate, prepare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from training.commands import options

if TYPE_CHECKING:
    import argparse

WORDS: Final = ("simulate", "prepare")


def add(commands: options.Commands[Any]) -> None:
    """Add the words to the command line."""
    word = commands.add_parser("simulate", help="simulate a cohort; existing exams are kept")
    cohort = word.add_subparsers(required=True, metavar="cohort").add_parser("cohort", help="simulate a cohort")
    _add_simulation(cohort)
    cohort.set_defaults(action=_simulate)

    prepare = commands.add_parser("prepare", help="convert your own DICOM studies and liver masks to exams")
    options.folder(prepare, "--data", "DICOM studies, which may include SEG objects")
    options.folder(prepare, "--masks", "NIfTI masks named <StudyInstanceUID>.nii.gz, or SEG", default=None)
    prepare.add_argument("--label", type=int, metavar="N", help="value of the liver in NIfTI masks with several labels")
    prepare.add_argument("--stages", type=Path, metavar="CSV", help="columns study_instance_uid and stage (F0 to F4)")
    options.folder(prepare, "--out", "folder for exams and report.json")
    prepare.set_defaults(action=_prepare)


def _add_simulation(parser: argparse.ArgumentParser) -> None:
    from simulation.exams.cohorts import CONDITIONS, DESIGNS
    from simulation.planning.physics import FAMILIES

    parser.add_argument("--patients", type=int, metavar="N", help="number of exams (default: the design's)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the cohort (default: %(default)s)")
    options.folder(parser, "--out", "folder; existing exams are kept")
    default = "(default: %(default)s)"
    parser.add_argument("--design", choices=sorted(DESIGNS), default="extended", help=f"which patients {default}")
    parser.add_argument("--condition", choices=sorted(CONDITIONS), default="usual", help=f"scan condition {default}")
    parser.add_argument(
        "--families",
        nargs="+",
        choices=list(FAMILIES),
        metavar="NAME",
        help=f"of physics, mixed: {', '.join(FAMILIES)}",
    )
    parser.add_argument(
        "--without", choices=list(FAMILIES), metavar="NAME", help="family to leave out; the others are mixed"
    )
    options.folder(parser, "--anatomy", "label maps of real scans (labels.nii.gz, ct.nii.gz)", default=None)
    parser.add_argument(
        "--anatomy-share", type=float, default=0.5, metavar="S", help="share of exams on them (default: %(default)s)"
    )
    parser.add_argument("--workers", type=int, metavar="W", help="processes (default: one per core)")


def _simulate(arguments: argparse.Namespace) -> int:
    from simulation.exams.cohorts import DESIGNS, World
    from simulation.planning.physics import FAMILIES
    from training.cohort.simulate import build_cohort

    given = {name: getattr(arguments, name) for name in ("seed", "design", "condition", "workers")}
    patients = DESIGNS[arguments.design].patients if arguments.patients is None else arguments.patients
    families = tuple(arguments.families or ())
    if arguments.without is not None:
        families = tuple(name for name in families or FAMILIES if name != arguments.without)
    world = World(families)
    if arguments.anatomy is not None:
        world = World(families, str(arguments.anatomy), arguments.anatomy_share)
    build_cohort(arguments.out, patients=patients, world=world, **given)
    return 0


def _prepare(arguments: argparse.Namespace) -> int:
    from training.cohort.prepare import prepare

    given = {name: getattr(arguments, name) for name in ("masks", "stages", "label")}
    report = prepare(arguments.data, arguments.out, **given)
    print(json.dumps(report, indent=2, ensure_ascii=False))
    return 0
