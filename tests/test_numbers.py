"""The numbers in the README and in `docs/performance.md` are those of the card of the model that ships."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.reporting import clinical

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
CARD = json.loads((ROOT / "models/liver_segmentation/card.json").read_text(encoding="utf-8"))
METRICS = CARD["metrics"]
EVERYTHING, MASKED = METRICS["situations"]["everything"], METRICS["situations"]["masked"]
PLAIN = {item["situation"]: item for item in METRICS["comparators"]}
PAPER_DICE = f"{clinical.DICE:.3f}, plain U-Net {clinical.PLAIN_UNET_DICE:.3f}"
SHOWN_IN_README = 3
CONDITIONS = ("half the SNR", "iron", "shifted driver", "matrix 128", "matrix 256")


def _rows() -> list[str]:
    columns = (EVERYTHING, MASKED, PLAIN["everything"], PLAIN["masked"])
    rows = [
        ("Dice, measured region", *(_dice(item, "measurable_dice") for item in columns), ""),
        ("its lowest of the stages F0 to F4", *(_lowest(item) for item in columns), ""),
        ("Dice, whole liver", *(_dice(item, "liver_dice") for item in columns), PAPER_DICE),
        (
            "Pearson r of the mean stiffness",
            *(f"{item['stiffness']['pearson_r']['value']:.4f}" for item in columns),
            "0.943",
        ),
        ("Bias, 95 % limits of the mean stiffness", *(_agreement(item) for item in columns), ""),
        (
            "Same side of 2.8 kPa (≥F2)",
            *(f"{100 * item['stiffness']['f2_agreement']:.1f} %" for item in columns),
            "",
        ),
    ]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _dice(item: dict[str, Any], name: str) -> str:
    return f"{item[name]['value']:.3f}"


def _lowest(item: dict[str, Any]) -> str:
    return f"{min(stage['measurable_dice']['value'] for stage in item['by_stage'].values()):.3f}"


def _agreement(item: dict[str, Any]) -> str:
    stiffness = item["stiffness"]
    low, high = stiffness["limits_percent"]
    return f"{stiffness['bias_percent']['value']:.1f} %, {low:.1f} to {high:.1f} %"


@pytest.mark.parametrize("row", _rows())
def test_a_row_of_the_document_is_that_of_the_card(row: str) -> None:
    assert row in DOCUMENT.splitlines()


def test_the_readme_has_the_figures_of_what_ships() -> None:
    assert f"the first three rows are of {EVERYTHING['exams']} patients | |" in README
    shown = [row.split(" | ")[:2] for row in _rows()]
    rows = [f"{name} | {figure} |" for name, figure in shown if f"{name} |" in README]
    assert len(rows) == SHOWN_IN_README
    assert all(row in README for row in rows)


def test_the_document_counts_the_exams_of_the_card() -> None:
    assert f"{EVERYTHING['exams']} simulated patients" in DOCUMENT
    assert f"{EVERYTHING['evaluable_exams']} of the patients have 5 cm² or more to measure" in DOCUMENT


def test_the_targets_of_the_model_hold() -> None:
    assert METRICS["data"] == "simulated"
    stiffness = EVERYTHING["stiffness"]
    assert EVERYTHING["measurable_dice"]["value"] >= 0.95
    assert min(stage["measurable_dice"]["value"] for stage in EVERYTHING["by_stage"].values()) >= 0.92
    assert EVERYTHING["liver_dice"]["value"] >= 0.94
    assert MASKED["measurable_dice"]["value"] >= 0.88
    assert min(stage["measurable_dice"]["value"] for stage in MASKED["by_stage"].values()) >= 0.86
    assert stiffness["pearson_r"]["value"] >= 0.99
    assert abs(stiffness["bias_percent"]["value"]) <= 1
    assert max(abs(limit) for limit in stiffness["limits_percent"]) <= 5
    assert stiffness["f2_agreement"] >= 0.98


def test_the_comparator_learnt_from_as_many_slices() -> None:
    for item in PLAIN.values():
        assert item["slices_shown"] == pytest.approx(CARD["training"]["images"], rel=0.03)
        assert item["exams"] == EVERYTHING["exams"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_measured_region_holds_where_scanning_is_harder(condition: str) -> None:
    found = METRICS["conditions"]["everything"][condition]["measurable_dice"]["value"]
    assert EVERYTHING["measurable_dice"]["value"] - found < 0.03
