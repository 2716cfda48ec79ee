"""What `docs/architecture.md` promises: each addition is one file and one line where it is registered.

All of them are made in a copy of the source, and one run of the application there must show every one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pydicom
import pytest

from simulation.__main__ import main as simulate

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "tests/additions"
ARCHITECTURE = ROOT / "docs/architecture.md"


class Addition(NamedTuple):
    """A file and where it goes; the module that learns of it; the text there, and the same with the addition."""

    file: str
    room: str
    registry: str
    before: str
    after: str
    imported: str


ADDITIONS = {
    "step": Addition(
        "count_slices.py",
        "liver_mre/method",
        "liver_mre/method/steps.py",
        '    ItemStep("stage", ',
        '    COUNT_SLICES,\n    ItemStep("stage", ',
        "from liver_mre.method.count_slices import COUNT_SLICES",
    ),
    "writer": Addition(
        "write_table.py",
        "liver_mre/method",
        "liver_mre/method/steps.py",
        '    Writer("write_seg", ',
        '    WRITE_TABLE,\n    Writer("write_seg", ',
        "from liver_mre.method.write_table import WRITE_TABLE",
    ),
    "series role": Addition(
        "relaxometry.py",
        "liver_mre/series",
        "liver_mre/series/roles.py",
        "= [Role]",
        "= [Role, RelaxometryRole]",
        "from liver_mre.series.relaxometry import RelaxometryRole",
    ),
    "study source": Addition(
        "listed_folders.py",
        "liver_mre/studies",
        "liver_mre/studies/source.py",
        "= [FolderSource]",
        "= [ListedFolders, FolderSource]",
        "from liver_mre.studies.listed_folders import ListedFolders",
    ),
    "scanner": Addition(
        "scanner_rules.json",
        "",
        "app.yaml",
        "  scanner_rules: #",
        "  scanner_rules: scanner_rules.json #",
        "",
    ),
}
INVENTED = {2: "EX-12 relaxation", 3: "EX-12 anatomy", 7: "EX-12 hardness"}
"""What the invented scanner calls these series of the example."""


def add(addition: Addition, root: Path) -> None:
    shutil.copy(FILES / addition.file, root / addition.room / addition.file)
    registry = root / addition.registry
    text = registry.read_text(encoding="utf-8")
    assert text.count(addition.before) == 1
    text = text.replace(addition.before, addition.after)
    if addition.imported:
        future = "from __future__ import annotations\n" if "from __future__" in text else '"""\n'
        text = text.replace(future, f"{future}\n{addition.imported}\n", 1)
    registry.write_text(text, encoding="utf-8")


def scan_on_the_invented_scanner(folder: Path, target: Path) -> None:
    target.mkdir()
    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        if dataset.SeriesNumber not in INVENTED:
            continue
        dataset.StudyInstanceUID = "2.25.1"
        dataset.Manufacturer = "Resonance Works"
        dataset.SeriesDescription, dataset.ProtocolName = INVENTED[dataset.SeriesNumber], "EX-12"
        for name in ("SequenceName", "ImageComments", "WindowCenter", "WindowWidth", "ManufacturerModelName"):
            dataset.pop(name, None)
        dataset.remove_private_tags()
        dataset.save_as(target / file.name)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("additions")
    for part in ("app", "operators", "liver_mre"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.yaml", root)
    (root / "models").symlink_to(ROOT / "models")
    assert simulate(["example", "--out", str(root / "example")]) == 0
    scan_on_the_invented_scanner(root / "example/study", root / "invented")
    (root / "today.folders").write_text("invented\nexample/study\n", encoding="utf-8")
    for addition in ADDITIONS.values():
        add(addition, root)
    return root


@pytest.fixture(scope="module")
def result(workplace: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "app", "-i", "today.folders", "-o", "out", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(workplace)}
    done = subprocess.run(command, cwd=workplace, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((workplace / "out/result.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def studies(result: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = result["studies"]
    return found


def test_a_step_runs_in_its_place_and_is_timed(studies: list[dict[str, Any]]) -> None:
    for study in studies:
        names = list(study["timings_s"])
        assert names[names.index("measure") : names.index("stage") + 1] == ["measure", "count_slices", "stage"]
        assert any(words.startswith("Slices counted: ") for words in study["warnings"])


def test_a_writer_runs_beside_the_others_and_is_published(studies: list[dict[str, Any]], workplace: Path) -> None:
    for study in studies:
        path = next(output["path"] for output in study["outputs"] if output["kind"] == "table")
        mean_kpa = float((workplace / "out" / path).read_text(encoding="utf-8").split(",")[1])
        assert mean_kpa == study["measurement"]["stiffness_kpa"]["mean"]
        assert {"seg", "sr", "overlay"} < {output["kind"] for output in study["outputs"]}


def test_a_series_role_can_be_named_by_a_rule(studies: list[dict[str, Any]]) -> None:
    roles = {series["description"]: series["role"] for study in studies for series in study["input_series"]}
    assert roles["EX-12 relaxation"] == "t1_map"


def test_an_invented_scanner_gives_the_number_of_the_one_that_made_the_pixels(studies: list[dict[str, Any]]) -> None:
    invented, example = (study["measurement"]["stiffness_kpa"]["mean"] for study in studies)
    assert invented == pytest.approx(example, rel=0.05)  # its elastogram is masked, and shows the network less


def test_a_source_gives_studies_of_which_nobody_knows_how_many(result: dict[str, Any]) -> None:
    assert len(result["studies"]) == 2
    assert "Folders were read from a list." in result["warnings"]


@pytest.mark.parametrize("kind", ADDITIONS)
def test_the_architecture_says_where_it_is_registered(kind: str) -> None:
    rows = [line for line in ARCHITECTURE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| a {kind} ")]
    assert len(rows) == 1
    assert ADDITIONS[kind].registry in rows[0]
