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
    from training.cohort import simulate

    word = commands.add_parser("simulate", help="simulate a cohort; existing exams are kept")
    cohort = word.add_subparsers(required=True, metavar="cohort").add_parser("cohort", help="simulate a cohort")
    simulate.add_arguments(cohort)
    cohort.set_defaults(action=simulate.run)

    prepare = commands.add_parser("prepare", help="convert your own DICOM studies and liver masks to exams")
    options.folder(prepare, "--data", "DICOM studies, which may include SEG objects")
    options.folder(prepare, "--masks", "NIfTI masks named <StudyInstanceUID>.nii.gz, or SEG", default=None)
    prepare.add_argument("--label", type=int, metavar="N", help="value of the liver in NIfTI masks with several labels")
    prepare.add_argument("--stages", type=Path, metavar="CSV", help="columns study_instance_uid and stage (F0 to F4)")
    options.folder(prepare, "--out", "folder for exams and report.json")
    prepare.set_defaults(action=_prepare)


def _prepare(arguments: argparse.Namespace) -> int:
    from training.cohort.prepare import PrepareOptions, prepare

    report = prepare(PrepareOptions(arguments.data, arguments.out, arguments.masks, arguments.stages, arguments.label))
    print(json.dumps(report, indent=2, ensure_ascii=False))
    return 0
