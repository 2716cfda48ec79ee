from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from liver_mre.core.roles import classify
from liver_mre.core.study import Role, Series
from liver_mre.dicom.rules_file import load_scanner_rules, parse_scanner_rules
from liver_mre.errors import SettingsError
from tests.core import study_factory as made

if TYPE_CHECKING:
    from liver_mre.core.rules import ScannerRules
    from liver_mre.core.study import Instance

RULES = load_scanner_rules()
SHIPPED = resources.files("liver_mre").joinpath("data/scanner_rules.json").read_text("utf-8")
XA = {
    "sequence_name": "",
    "series_description": "renamed",
    "image_type": ("ORIGINAL", "PRIMARY", "ELASTO", "NONE"),
}


def role_of(instance: Instance, rules: ScannerRules = RULES) -> Role:
    return classify(made.study(made.series(instance, 1)), rules)[0].role


@pytest.mark.parametrize(
    ("instance", "role"),
    [
        (made.MASKED, Role.STIFFNESS_MASKED),
        (made.UNMASKED, Role.STIFFNESS),
        (made.MAGNITUDE, Role.MAGNITUDE),
        (made.PHASE, Role.PHASE),
        (made.WAVE, Role.WAVE),
        (made.COLOUR, Role.COLOUR),
        (made.LOCALIZER, Role.OTHER),
        (made.T2, Role.OTHER),
        (replace(made.MAGNITUDE, **XA, complex_image_component="MAGNITUDE"), Role.MAGNITUDE),
        (replace(made.PHASE, **XA, complex_image_component="PHASE"), Role.PHASE),
    ],
)
def test_each_siemens_series_has_its_role(instance: Instance, role: Role) -> None:
    assert role_of(instance) is role


@pytest.mark.parametrize("sequence", ["greMR", "*epiMR", "epseM2d1", "WIP_epseMRE"])
def test_every_siemens_mre_sequence_is_known(sequence: str) -> None:
    assert role_of(replace(made.MAGNITUDE, sequence_name=sequence)) is Role.MAGNITUDE


@pytest.mark.parametrize("template", [made.MASKED, made.UNMASKED, made.WAVE])
@pytest.mark.parametrize(
    "colours",
    [
        {"samples_per_pixel": 3, "photometric_interpretation": "RGB"},
        {"photometric_interpretation": "PALETTE COLOR"},
        {"samples_per_pixel": 3, "photometric_interpretation": "YBR_FULL_422"},
    ],
)
def test_a_colour_picture_is_never_stiffness_whatever_its_name(template: Instance, colours: dict[str, object]) -> None:
    assert role_of(replace(template, **colours)) is Role.COLOUR


def test_image_type_is_compared_by_whole_values() -> None:
    assert role_of(replace(made.MAGNITUDE, image_type=("ORIGINAL", "PRIMARY", "MPR"))) is Role.OTHER


def test_a_name_alone_does_not_make_another_vendors_series_siemens_stiffness() -> None:
    assert role_of(replace(made.MASKED, manufacturer="ACME")) is Role.OTHER


def test_a_series_whose_images_disagree_is_not_measurable() -> None:
    (found,) = classify(made.study(Series("1.2.1", 1, (made.MASKED, made.COLOUR))), RULES)
    assert found.role is Role.OTHER
    assert found.mixed == {Role.STIFFNESS_MASKED, Role.COLOUR}
    assert "colour, stiffness_masked" in found.reason


def test_every_reason_and_source_of_the_shipped_rules_is_said() -> None:
    for instance in (made.LOCALIZER, made.T2, replace(made.MASKED, manufacturer="")):
        assert len(classify(made.study(made.series(instance, 1)), RULES)[0].reason) > 20
    assert all(rule.source for rule in RULES.roles)
    assert all(rule.source for rule in RULES.units)


def test_the_rule_language_reaches_what_other_vendors_need() -> None:
    when = {
        "private_sequence_name": {"contains_any": ["mr-touch"]},
        "series_description": {"contains_any": ["elastogram"], "contains_none": ["mask"]},
        "image_comments": {"equals_any": ["Stiffness"]},
        "image_type": {"has_any": ["STIFFNESS", "MMDI3D"], "has_none": ["WV"]},
    }
    rule = {"vendor": "test", "role": "stiffness", "when": when, "reason": "r", "source": "s"}
    rules = parse_scanner_rules(json.dumps({"roles": [rule], "units": [], "confidence": []}))
    match = replace(
        made.MASKED,
        private_sequence_name="MR-Touch",
        series_description="Elastogram 2D",
        image_comments="stiffness",
        image_type=("DERIVED", "MMDI3D"),
    )
    assert role_of(match, rules) is Role.STIFFNESS
    assert role_of(replace(match, series_description="Masked elastogram"), rules) is Role.OTHER
    assert role_of(replace(match, private_sequence_name=""), rules) is Role.OTHER


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"vendor"', '"vendro"', "vendro"),
        ('"contains_any"', '"contains"', "contains"),
        ('"series_description": {"ends', '"series_name": {"ends', "series_name"),
        ('"role": "wave"', '"role": "waves"', "role"),
        ('["WV"]', "[]", "has_all"),
        ('["StiffC95"]', '[""]', "empty"),
        ('"kpa_per_count": 0.01', '"kpa_per_count": "0.01"', "kpa_per_count"),
        ('"ignores_rescale": false', '"ignores_rescale": "no"', "ignores_rescale"),
        ('"has_all": ["ELASTO"]', '"contains_any": ["ELASTO"]', "contains_any"),
        ('"confidence": []', '"extra": []', "extra"),
        ("{", "", "JSON"),
    ],
)
def test_a_mistake_in_a_rules_file_is_an_error_that_names_its_place(old: str, new: str, named: str) -> None:
    assert old in SHIPPED
    with pytest.raises(SettingsError, match=named):
        parse_scanner_rules(SHIPPED.replace(old, new, 1))
