from __future__ import annotations

import json
import time
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import SettingsError
from liver_mre.series.classification import classify
from liver_mre.series.roles import Role
from liver_mre.series.scanner_rules_file import load_scanner_rules, parse_scanner_rules
from liver_mre.studies.study import Series
from tests.series import study_factory as made
from tests.yardstick import slowness

if TYPE_CHECKING:
    from pathlib import Path

    from liver_mre.series.scanner_rules import ScannerRules
    from liver_mre.studies.study import Instance

RULES = load_scanner_rules()
SHIPPED = resources.files("liver_mre").joinpath("data/scanner_rules.json").read_text("utf-8")


def role_of(instance: Instance, rules: ScannerRules = RULES) -> Role:
    return classify(made.study(made.series(instance, 1)), rules)[0].role


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


@pytest.mark.parametrize(
    ("instance", "tags"),
    [
        (replace(made.UNMASKED, image_type=made.WAVE.image_type), ["SeriesDescription", "ImageType says wave"]),
        (replace(made.UNMASKED, image_type=made.MAGNITUDE.image_type), ["SeriesDescription", "ImageType says magni"]),
        (replace(made.WAVE, image_type=made.UNMASKED.image_type, window=(400, 800)), ["SeriesDescr", "WindowWidth"]),
        (replace(made.GE_UNMASKED, window=(950, 100)), ["SeriesDescription", "WindowWidth say confidence"]),
        (replace(made.GE_CONFIDENCE, window=(4000, 8000)), ["SeriesDescription says confidence", "WindowWidth"]),
        (
            replace(made.GE_UNMASKED, complex_image_component="PHASE", image_type=("ORIGINAL", "PRIMARY")),
            ["SeriesDescription", "ComplexImageComponent"],
        ),
        (
            replace(made.MMDI3D_STIFFNESS, series_description="Confidence"),
            ["ImageType says stiffness", "SeriesDescription says confidence"],
        ),
    ],
)
def test_a_header_that_contradicts_itself_is_not_used_and_the_tags_are_named(
    instance: Instance, tags: list[str]
) -> None:
    (found,) = classify(made.study(made.series(instance, 1)), RULES)
    assert found.role is Role.OTHER
    assert found.conflict == found.reason
    assert all(tag in found.reason for tag in tags), found.reason


def test_harmless_parts_of_one_series_are_taken_apart() -> None:
    images = (made.MAGNITUDE, made.PHASE, made.MAGNITUDE, made.WAVE)
    parts = classify(made.study(Series("1.2.1", 7, images)), RULES)
    assert [part.role for part in parts] == [Role.MAGNITUDE, Role.PHASE, Role.WAVE]
    assert [len(part.series.instances) for part in parts] == [2, 1, 1]
    assert {(part.series.series_instance_uid, part.series.series_number) for part in parts} == {("1.2.1", 7)}


@pytest.mark.parametrize("companion", [made.MASKED, made.GE_CONFIDENCE, made.MAGNITUDE])
def test_a_mixture_with_stiffness_is_not_taken_apart(companion: Instance) -> None:
    (found,) = classify(made.study(Series("1.2.1", 1, (made.UNMASKED, companion))), RULES)
    assert found.role is Role.OTHER
    assert Role.STIFFNESS in found.mixed


def test_the_halves_of_a_raw_series_follow_instance_number_and_not_the_order_of_files() -> None:
    images = tuple(replace(made.GE_RAW, sop_instance_uid=str(n), instance_number=n) for n in (4, 1, 3, 2))
    parts = classify(made.study(Series("1.2.1", 1, images)), RULES)
    assert {part.role: {image.instance_number for image in part.series.instances} for part in parts} == {
        Role.MAGNITUDE: {3, 4},
        Role.PHASE: {1, 2},
    }


@pytest.mark.parametrize("numbers", [(1, 2, 3), (1, 1, 2, 2)])
def test_a_raw_series_that_has_no_halves_stays_unknown(numbers: tuple[int, ...]) -> None:
    images = tuple(replace(made.GE_RAW, instance_number=n) for n in numbers)
    (found,) = classify(made.study(Series("1.2.1", 1, images)), RULES)
    assert found.role is Role.OTHER


@pytest.mark.parametrize(
    ("z_mm", "role"),
    [
        ((-10.0, 0.0, 10.0, 20.0), Role.STIFFNESS_MASK_UNKNOWN),
        ((20.0, 10.0, 0.0, -10.0, 30.0), Role.STIFFNESS_MASK_UNKNOWN),
        ((0.0, 0.0, 0.0, 0.0), Role.STIFFNESS_MASK_UNKNOWN),
        ((0.0, 0.0, 0.0), Role.OTHER),
        ((-5.0, 5.0, 15.0, 25.0), Role.OTHER),
    ],
)
def test_weak_evidence_needs_company_over_the_same_slices_or_as_many_without_places(
    z_mm: tuple[float, ...], role: Role
) -> None:
    members = made.series(made.ANONYMOUS_GE, 1), made.series(made.ANONYMOUS_GE_CONFIDENCE, 2, z_mm)
    assert classify(made.study(*members), RULES)[0].role is role


def test_a_series_is_no_company_for_itself() -> None:
    images = made.series(made.ANONYMOUS_GE, 1).instances + made.series(made.ANONYMOUS_GE_CONFIDENCE, 1).instances
    (found,) = classify(made.study(Series("1.2.1", 1, images)), RULES)
    assert found.role is Role.OTHER


def test_a_series_whose_images_disagree_is_not_measurable() -> None:
    (found,) = classify(made.study(Series("1.2.1", 1, (made.MASKED, made.COLOUR))), RULES)
    assert found.role is Role.OTHER
    assert found.mixed == {Role.STIFFNESS_MASKED, Role.COLOUR}
    assert "colour, stiffness masked" in found.reason


def test_a_role_that_nothing_names_says_so() -> None:
    (found,) = classify(made.study(made.series(replace(made.MASKED, series_description="x", modality="CT"), 1)), RULES)
    assert found.rule is None
    assert "Not recognised" in found.reason


@pytest.mark.alone
def test_two_thousand_headers_are_classified_in_a_fraction_of_a_second() -> None:
    z_mm = tuple(float(z) for z in range(50))
    unrelated = [
        made.series(replace(made.T2, series_description=f"t1 vibe {n}", window=(n, 100.0)), n, z_mm)
        for n in range(2, 42)
    ]
    study = made.study(made.series(made.MASKED, 1), *unrelated)
    started = time.process_time()
    assert [entry.role for entry in classify(study, RULES)][:2] == [Role.STIFFNESS_MASKED, Role.OTHER]
    assert time.process_time() - started < 0.3 * slowness()


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
        ('"confidence": [\n    {', '"extra": [\n    {', "extra"),
        ('"@masked"', '"@msked"', "@msked"),
        ('"is": ["mr", "stiffness name"]', '"is": ["mrs"]', "mrs"),
        ('"between": [350, 450]', '"between": [450, 350]', "smaller number first"),
        ('"between": [350, 450]', '"between": [350]', "2 numbers"),
        ('"between": [350, 450]', '"contains_any": [350]', "contains_any"),
        ('"needs": ["phase"]', '"needs": []', "empty"),
        ('"needs": ["phase"]', '"needs": ["fase"]', "needs"),
        ('"split": [', '"role": "phase", "split": [', "either"),
        ('"only_contradicts": true', '"only_contradicts": 1', "only_contradicts"),
        ('"says": "wave"', '"says": "waves"', "says"),
        ('"siemens sequence": {', '"mr": {}, "siemens sequence": {', "'mr' twice"),
        ('"vendor": "any",', "", "lacks 'vendor'"),
        ('{"samples_per_pixel": {"equals_any": [3, 4]}}', "[]", "must be a JSON object"),
        ('{"samples_per_pixel": {"equals_any": [3, 4]}}', "{}", "at least one condition"),
        ('{"equals_any": [3, 4]}', '{"equals_any": 3}', "must be an array"),
        ('"vendor": "Canon"', '"vendor": " "', "must be a text"),
        ("{", "", "JSON"),
    ],
)
def test_a_mistake_in_a_rules_file_is_an_error_that_names_its_place(old: str, new: str, named: str) -> None:
    assert old in SHIPPED
    with pytest.raises(SettingsError, match=named):
        parse_scanner_rules(SHIPPED.replace(old, new, 1))


SITE = {
    "words": {"our words": ["Leberhärte"]},
    "roles": [
        {
            "vendor": "site",
            "role": "stiffness_masked",
            "when": {"is": ["mr"], "series_description": {"contains_any": ["@our words"], "contains_none": ["@wave"]}},
            "reason": "Our masked stiffness map.",
            "source": "Our protocol book.",
        }
    ],
}


def test_a_sites_own_rules_are_tried_before_ours_and_may_use_our_words(tmp_path: Path) -> None:
    path = tmp_path / "site.json"
    path.write_text(json.dumps(SITE), encoding="utf-8")
    rules = load_scanner_rules(path)
    assert rules.roles[0].vendor == "site"
    assert rules.roles[1:] == RULES.roles
    assert (rules.units, rules.signs) == (RULES.units, RULES.signs)
    renamed = replace(made.MASKED, series_description="LEBERHARTE 3")
    assert role_of(renamed, rules) is Role.STIFFNESS_MASKED
    assert role_of(made.MASKED, rules) is Role.STIFFNESS_MASKED


def test_a_sites_rules_that_redefine_ours_or_cannot_be_read_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "site.json"
    with pytest.raises(SettingsError, match="cannot be read"):
        load_scanner_rules(path)
    path.write_text(json.dumps({"words": {"masked": ["x"]}}), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"words\.masked"):
        load_scanner_rules(path)
