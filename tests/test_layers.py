"""Imports point one way, by an allow-list over every module, and never in a circle."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.layers import circles, imported, imports_of, read_sources, violations

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "operators", "liver_mre", "simulation", "training", "models", "container", "scripts")
LONGEST = 300

# What each layer may import beside itself and the standard library: layers below it, and packages. Upwards is not
# allowed, and neither is what is not named here.
BASE: Final = ("liver_mre.about", "liver_mre.errors")
STUDIES: Final = (*BASE, "liver_mre.studies", "numpy")
STIFFNESS: Final = (*STUDIES, "liver_mre.series", "liver_mre.stiffness")
MEASUREMENT: Final = (*STIFFNESS, "liver_mre.liver", "liver_mre.liver.processors", "liver_mre.measurement")
RESULTS: Final = (*MEASUREMENT, "liver_mre.quality", "liver_mre.workflow", "liver_mre.results")
METHOD: Final = (
    *RESULTS,
    "liver_mre.measurement.earlier_reports",
    "liver_mre.report",
    "liver_mre.settings",
    "liver_mre.method",
    "PIL",
    "pydicom",
)
APPLICATION: Final = (*METHOD, "liver_mre.api")
SIMULATION: Final = ("numpy", "scipy", "simulation.types", "simulation.grid")
COHORT: Final = (
    "training.errors",
    "training.files",
    "training.reporting",
    "training.cohort",
    "simulation.exams",
    "simulation.planning",
    "simulation.types",
)
SEGMENTATION: Final = (*COHORT, "training.segmentation", "models.card", "torch", "sklearn")

ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "liver_mre.about": (),
    "liver_mre.errors": ("liver_mre.output_reasons",),
    "liver_mre.output_reasons": (),
    "liver_mre.studies": ("liver_mre.errors", "numpy", "pydicom"),
    "liver_mre.workflow": ("liver_mre.errors", "liver_mre.studies"),
    "liver_mre.series": ("liver_mre.errors", "liver_mre.studies"),
    "liver_mre.stiffness": (*STUDIES, "liver_mre.series"),
    "liver_mre.liver": (*STIFFNESS, "liver_mre.liver.processors", "liver_mre.liver.torch_backend", "PIL"),
    "liver_mre.liver.processors": (),
    "liver_mre.liver.torch_backend": ("liver_mre.errors", "liver_mre.liver.processors", "numpy", "torch"),
    "liver_mre.measurement": (*STIFFNESS, "liver_mre.liver"),
    "liver_mre.measurement.earlier_reports": (*MEASUREMENT, "pydicom"),
    "liver_mre.quality": (*STIFFNESS, "liver_mre.liver", "liver_mre.liver.processors", "PIL"),
    "liver_mre.settings": (*BASE, "liver_mre.studies", "liver_mre.measurement", "liver_mre.settings_file"),
    "liver_mre.settings_file": ("liver_mre.errors", "liver_mre.studies", "yaml"),
    "liver_mre.results": (*MEASUREMENT, "liver_mre.quality", "liver_mre.workflow"),
    "liver_mre.report": (*RESULTS, "PIL", "highdicom", "pydicom"),
    "liver_mre.method": METHOD,
    "liver_mre.api": (*METHOD,),
    "liver_mre": ("liver_mre.about", "liver_mre.api"),
    "operators": (*APPLICATION, "operators.sdk"),
    "operators.sdk": ("monai",),
    "app": (*APPLICATION, "operators", "operators.sdk", "rich"),
    "container": ("packaging", "yaml"),
    "scripts": ("check_python",),
    "simulation.types": ("numpy",),
    "simulation.grid": ("numpy", "simulation.types"),
    "simulation.planning": SIMULATION,
    "simulation.anatomy": (*SIMULATION, "simulation.planning", "nibabel"),
    "simulation.out_of_domain": (*SIMULATION, "simulation.planning", "simulation.anatomy"),
    "simulation.physics": (
        *SIMULATION,
        *("simulation.planning", "simulation.anatomy", "simulation.out_of_domain", "skimage"),
    ),
    "simulation.exams": (
        *SIMULATION,
        *("simulation.planning", "simulation.out_of_domain", "simulation.physics", "PIL", "matplotlib"),
    ),
    "simulation.encodings": ("numpy", "scipy", "simulation.types", "PIL", "gdcm", "pydicom"),
    "simulation.encodings.page": (
        "simulation.encodings",
        "simulation.types",
        "liver_mre.api",
        "liver_mre.results",
        "liver_mre.settings",
    ),
    "simulation": (
        "simulation.encodings",
        "simulation.encodings.page",
        "simulation.exams",
        "simulation.planning",
        "simulation.types",
    ),
    "models.card": ("training.errors",),
    "models.export": (
        *("models.card", "training.errors", "training.segmentation", "training.quality"),
        *("openvino", "safetensors", "torch"),
    ),
    "models": (),
    "training.errors": (),
    "training.files": ("numpy",),
    "training.reporting": ("training.errors", "training.files", "numpy", "scipy", "sklearn", "jinja2"),
    "training.cohort": (*MEASUREMENT, *COHORT, "highdicom", "nibabel", "pydicom", "rich"),
    "training.segmentation": (
        *(*MEASUREMENT, *SEGMENTATION, "liver_mre.method"),
        *("ignite", "matplotlib", "monai", "optuna", "rich", "safetensors", "scipy"),
    ),
    "training.quality": (*MEASUREMENT, "liver_mre.quality", *SEGMENTATION),
    "training.experiments": (*METHOD, *SEGMENTATION, "training.quality", "rich"),
    "training.commands": (*COHORT, "training.segmentation", "training.quality", "training.experiments"),
    "training": ("liver_mre.errors", "training.errors", "training.commands"),
}
# Packages of simulation and training, which the image does not have.
DEVELOPMENT: Final = frozenset({"simulation", "training", "models", "segmentation_models_pytorch", "torchvision"})


def files() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return read_sources(files(), ROOT)


@pytest.fixture(scope="module")
def imports(sources: dict[str, str]) -> dict[str, set[str]]:
    return imports_of(sources)


def test_every_module_has_a_layer_and_imports_only_what_that_may(imports: dict[str, set[str]]) -> None:
    assert violations(imports, ALLOWED) == []


def test_no_modules_and_no_layers_import_each_other_in_a_circle(imports: dict[str, set[str]]) -> None:
    assert circles(imports) == []
    assert circles(imports, ALLOWED) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("liver_mre.series.units", "from liver_mre.report import codes"),
        ("liver_mre.stiffness.volume", "import liver_mre.liver.mask"),
        ("liver_mre.measurement.region", "def late():\n    import holoscan"),
        ("liver_mre.settings", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app import cli"),
        ("operators.step", "from simulation.types import Tissue"),
        ("training.cohort.exams", "from training.quality import train"),
    ],
)
def test_a_planted_import_is_found_wherever_it_stands(module: str, line: str, sources: dict[str, str]) -> None:
    planted = sources | {module: f"{sources[module]}\n{line}\n"}
    assert [one for one in violations(imports_of(planted), ALLOWED) if one.startswith(module)]


def test_a_module_without_a_layer_is_found(sources: dict[str, str]) -> None:
    assert violations(imports_of(sources | {"invented.module": ""}), ALLOWED) == ["invented.module has no layer"]
    assert layerless(imports_of(sources | {"liver_mre.invented": ""})) == ["liver_mre.invented"]


def layerless(imports: dict[str, set[str]]) -> list[str]:
    """Return modules at the top of the core package that no layer names."""
    return [name for name in imports if name.count(".") == 1 and name.startswith("liver_mre.") and name not in ALLOWED]


def test_nothing_stands_in_the_hallway_of_the_core_package(imports: dict[str, set[str]]) -> None:
    assert layerless(imports) == []


@pytest.mark.parametrize("layer", ["liver_mre.series", "liver_mre.measurement", ""])
def test_a_planted_circle_is_found(layer: str) -> None:
    planted = {"a.one": {"a.two"}, "a.two": {"a.three"}, "a.three": {"a.one", "b"}, "b": set()}
    assert circles(planted) == [["a.one", "a.three", "a.two"]]
    between = {"x.one": {"y.one"}, "y.two": {"x.two"}, "x.two": set(), "y.one": set()}
    assert circles(between) == []
    assert circles(between, ("x", "y")) == [["x", "y"]]
    assert layer in {"", *ALLOWED}


def test_what_runs_in_the_image_never_imports_what_is_not_in_it(imports: dict[str, set[str]]) -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in imports.items()
        if module.split(".")[0] in {"app", "operators", "liver_mre"}
        for target in targets
        if target.split(".")[0] in DEVELOPMENT
    ]
    assert wrong == []


@pytest.mark.parametrize("room", ["measurement", "quality", "series", "stiffness"])
def test_measurement_opens_no_files_but_in_modules_that_say_so(room: str) -> None:
    """Files are read by `*_file.py`, by the readers of studies and by what loads networks."""
    allowed = {"networks.py", "earlier_reports.py"}
    wrong = [
        path.name
        for path in (ROOT / "liver_mre" / room).glob("*.py")
        if not path.stem.endswith("_file")
        and path.name not in allowed
        and {"pathlib", "os", "io"} & {name.split(".")[0] for name in imported(path.read_text(encoding="utf-8"))}
    ]
    assert wrong == []


def test_no_source_file_outgrows_a_reader() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files()}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}
