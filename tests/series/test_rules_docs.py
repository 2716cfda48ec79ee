"""What docs/scanners.md shows of the rules and their tests is what they are."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from liver_mre.series.classification import classify
from liver_mre.series.roles import Role
from liver_mre.series.scanner_rules_file import load_scanner_rules
from tests.series import study_factory as made

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/scanners.md").read_text(encoding="utf-8")
SHIPPED = json.loads(resources.files("liver_mre").joinpath("data/scanner_rules.json").read_text("utf-8"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)


def test_the_entries_shown_are_shipped_entries() -> None:
    role, unit, _ = (json.loads(block) for block in blocks("json"))
    assert role in SHIPPED["roles"]
    assert unit in SHIPPED["units"]


@pytest.mark.parametrize("shown", blocks("python"))
def test_the_rows_shown_are_rows_of_the_tests(shown: str) -> None:
    assert shown in (ROOT / "tests/series/test_rules_shipped.py").read_text(encoding="utf-8")


def test_the_sites_file_shown_works(tmp_path: Path) -> None:
    path = tmp_path / "site.json"
    path.write_text(blocks("json")[2], encoding="utf-8")
    study = made.study(made.series(made.T2, 1), made.series(made.MASKED, 2))
    assert [entry.role for entry in classify(study, load_scanner_rules(path))] == [Role.OTHER, Role.STIFFNESS_MASKED]


def test_every_key_of_the_rule_language_is_explained() -> None:
    def keys(item: object) -> set[str]:
        if isinstance(item, dict):
            return set(item) | {key for value in item.values() for key in keys(value)}
        return {key for value in item for key in keys(value)} if isinstance(item, list) else set()

    used = {key for kind in ("roles", "signs", "vendors", "units") for key in keys(SHIPPED[kind])} | {"between"}
    language = used - {"vendor", "reason", "source", "when", "says", "roles", "role", "kpa_per_count"}
    fields = {key for key in language if key.startswith(("image_", "series_", "private_", "complex_", "samples_"))}
    fields |= {"manufacturer", "modality", "sequence_name", "protocol_name", "photometric_interpretation"}
    assert not {key for key in language - fields if f"`{key}`" not in DOCUMENT}
