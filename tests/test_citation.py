"""The software is cited by its own version and licence, and the paper that it follows by its DOI."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import yaml

from liver_mre import __version__
from training.reporting import clinical

ROOT = Path(__file__).resolve().parent.parent
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIRED = {"cff-version", "message", "title", "authors"}


def test_it_is_a_citation_file_of_version_1_2_0() -> None:
    assert set(CITATION) >= REQUIRED
    assert CITATION["cff-version"] == "1.2.0"


@pytest.mark.parametrize("cited", [CITATION, CITATION["preferred-citation"]], ids=["file", "preferred"])
def test_version_licence_and_authors_are_those_of_the_software(cited: dict[str, object]) -> None:
    assert cited["type"] == "software"
    assert cited["version"] == __version__
    assert cited["license"] == PROJECT["license"]
    assert cited["authors"] == [{"name": "The liver-mre project"}]


def test_every_reference_can_be_found_by_its_doi() -> None:
    for reference in CITATION["references"]:
        assert {"type", "title", "authors", "year", "doi"} <= set(reference)
        assert reference["doi"].startswith("10.")


def test_the_paper_is_the_one_that_the_clinical_figures_are_of() -> None:
    assert any(reference["doi"] in (clinical.__doc__ or "") for reference in CITATION["references"])
