"""Every shipped scanner rule, by the facts of a header that it is for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from liver_mre.errors import UnknownUnitError
from liver_mre.series.classification import classify
from liver_mre.series.confidence_scale import confidence_scale
from liver_mre.series.header_conditions import all_hold
from liver_mre.series.roles import Role
from liver_mre.series.scanner_rules_file import load_scanner_rules
from liver_mre.series.units import resolve_units
from liver_mre.studies.study import RealWorldMapping
from tests.series import study_factory as made

if TYPE_CHECKING:
    from liver_mre.series.scanner_rules import RoleRule
    from liver_mre.studies.study import Instance

RULES = load_scanner_rules()
XA = {"sequence_name": "", "series_description": "renamed", "image_type": ("ORIGINAL", "PRIMARY", "ELASTO", "NONE")}
XA_MAGNITUDE = replace(made.MAGNITUDE, **XA, complex_image_component="MAGNITUDE")
XA_PHASE = replace(made.PHASE, **XA, complex_image_component="PHASE")
XA_MASKED = replace(made.MASKED, sequence_name="", image_type=("DERIVED", "PRIMARY", "ELASTO", "NONE"))
BY_PROTOCOL = {"sequence_name": "", "series_description": "", "protocol_name": made.PROTOCOL}
GENERIC = replace(made.MASKED, manufacturer="ACME", sequence_name="", image_type=("DERIVED", "PRIMARY"))


def mmdi3d(kind: str) -> Instance:
    return replace(made.MMDI3D_STIFFNESS, image_type=("DERIVED", "SECONDARY", "MMDI3D", kind))


def named(description: str, template: Instance = GENERIC) -> Instance:
    return replace(template, series_description=description)


# What is in a header, beside which other series of the same slices, and what it therefore is.
ROLES: list[tuple[str, Instance, Instance | None, Role]] = [
    ("RGB", made.COLOUR, None, Role.COLOUR),
    ("palette", replace(made.MASKED, photometric_interpretation="PALETTE COLOR"), None, Role.COLOUR),
    ("GE colour elastogram", made.GE_COLOUR, None, Role.COLOUR),
    ("3-D stiffness", made.MMDI3D_STIFFNESS, None, Role.STIFFNESS),
    ("3-D confidence", mmdi3d("CONFIDENCE"), None, Role.CONFIDENCE),
    ("3-D magnitude", mmdi3d("MAGRMS"), None, Role.MAGNITUDE),
    ("3-D phase", mmdi3d("PHSDIFFZ"), None, Role.PHASE),
    ("3-D other", mmdi3d("CURL"), None, Role.OTHER),
    ("2-D stiffness", made.CANON_STIFFNESS, None, Role.STIFFNESS_MASK_UNKNOWN),
    ("2-D confidence", replace(made.CANON_STIFFNESS, image_comments="Confidence"), None, Role.CONFIDENCE),
    ("2-D magnitude", replace(made.CANON_STIFFNESS, image_comments="Magnitude"), None, Role.MAGNITUDE),
    ("2-D phase", replace(made.CANON_STIFFNESS, image_comments="PhaseDiff"), None, Role.PHASE),
    ("Siemens C95", made.MASKED, None, Role.STIFFNESS_MASKED),
    ("Siemens unmasked", made.UNMASKED, None, Role.STIFFNESS),
    ("Siemens XA C95", XA_MASKED, None, Role.STIFFNESS_MASKED),
    ("Siemens wave by ImageType", named("renamed", made.WAVE), None, Role.WAVE),
    ("Siemens wave by name", replace(made.WAVE, image_type=("DERIVED", "PRIMARY")), None, Role.WAVE),
    ("Siemens XA wave", replace(XA_PHASE, image_type=("DERIVED", "PRIMARY", "ELASTO", "WV")), None, Role.WAVE),
    ("Siemens magnitude", made.MAGNITUDE, None, Role.MAGNITUDE),
    ("Siemens phase", made.PHASE, None, Role.PHASE),
    ("Siemens XA magnitude", XA_MAGNITUDE, None, Role.MAGNITUDE),
    ("Siemens XA phase", XA_PHASE, None, Role.PHASE),
    ("Siemens magnitude by protocol", replace(made.MAGNITUDE, **BY_PROTOCOL), None, Role.MAGNITUDE),
    ("Siemens phase by protocol", replace(made.PHASE, **BY_PROTOCOL), None, Role.PHASE),
    ("Siemens anonymised", made.ANONYMOUS_SIEMENS, None, Role.STIFFNESS_MASK_UNKNOWN),
    (
        "Siemens anonymised, protocol left",
        replace(made.ANONYMOUS_SIEMENS, **BY_PROTOCOL),
        None,
        Role.STIFFNESS_MASK_UNKNOWN,
    ),
    ("Siemens anonymised, no window", replace(made.ANONYMOUS_SIEMENS, window=None), None, Role.OTHER),
    ("Siemens renamed", named("Steifigkeit", made.ANONYMOUS_SIEMENS), None, Role.STIFFNESS_MASK_UNKNOWN),
    ("unmasked by name", named("Elastogramm, nicht maskiert"), None, Role.STIFFNESS),
    ("GE unmasked", made.GE_UNMASKED, None, Role.STIFFNESS),
    ("GE masked", made.GE_MASKED, None, Role.STIFFNESS_MASKED),
    ("GE stgry", named("stgry", made.GE_UNMASKED), None, Role.STIFFNESS),
    ("GE stgrym", named("stgrym", made.GE_UNMASKED), None, Role.STIFFNESS_MASKED),
    ("GE masked, Spanish", named("elastograma enmascarado", made.GE_UNMASKED), None, Role.STIFFNESS_MASKED),
    ("GE wave", made.GE_WAVE, None, Role.WAVE),
    ("GE confidence", made.GE_CONFIDENCE, None, Role.CONFIDENCE),
    (
        "GE confidence of the elastogram",
        named("Elastogram confidence", made.GE_CONFIDENCE),
        None,
        Role.CONFIDENCE,
    ),
    ("GE private name and window", named("", made.GE_UNMASKED), None, Role.STIFFNESS_MASK_UNKNOWN),
    ("GE IQ", replace(made.GE_RAW, private_sequence_name="iqmre2d"), None, Role.OTHER),
    (
        "GE other research map",
        replace(named("Storage", made.GE_UNMASKED), private_sequence_name="epimre"),
        None,
        Role.OTHER,
    ),
    (
        "GE anonymised beside confidence",
        made.ANONYMOUS_GE,
        made.ANONYMOUS_GE_CONFIDENCE,
        Role.STIFFNESS_MASK_UNKNOWN,
    ),
    ("GE anonymised beside colour", made.ANONYMOUS_GE, made.GE_COLOUR, Role.STIFFNESS_MASK_UNKNOWN),
    ("GE anonymised alone", made.ANONYMOUS_GE, None, Role.OTHER),
    ("GE anonymised confidence", made.ANONYMOUS_GE_CONFIDENCE, made.ANONYMOUS_GE, Role.CONFIDENCE),
    ("GE anonymised confidence alone", made.ANONYMOUS_GE_CONFIDENCE, None, Role.OTHER),
    ("localizer by ImageType", replace(GENERIC, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")), None, Role.OTHER),
    ("localizer by name", made.LOCALIZER, None, Role.OTHER),
    ("T2", made.T2, None, Role.OTHER),
    ("masked by name", named("Stiffness map 95%"), None, Role.STIFFNESS_MASKED),
    ("spread of stiffness", named("Stiffness SD"), None, Role.OTHER),
    ("GE spread of stiffness", named("Elastogram std", made.GE_UNMASKED), None, Role.OTHER),
    ("fused picture", named("Elastogram fused T2"), None, Role.OTHER),
    ("stiffness by name", named("Stiffness map"), None, Role.STIFFNESS_MASK_UNKNOWN),
    ("confidence by name", named("Confidence map"), None, Role.CONFIDENCE),
    ("stiffness or confidence", named("Stiffness confidence map"), None, Role.OTHER),
    (
        "Siemens, nothing known",
        replace(made.MAGNITUDE, series_description="x", image_type=("ORIGINAL", "PRIMARY", "MPR")),
        None,
        Role.OTHER,
    ),
    ("Philips phase", made.PHILIPS_PHASE, None, Role.PHASE),
    ("Philips magnitude by name", named("MRE liver", made.PHILIPS_MAGNITUDE), None, Role.MAGNITUDE),
    ("Philips magnitude beside phase", made.PHILIPS_MAGNITUDE, made.PHILIPS_PHASE, Role.MAGNITUDE),
    ("Philips magnitude alone", made.PHILIPS_MAGNITUDE, None, Role.OTHER),
    ("Philips stiffness", made.PHILIPS_STIFFNESS, None, Role.STIFFNESS_MASK_UNKNOWN),
    ("wave by name", named("MRE Wellenbilder"), None, Role.WAVE),
    ("magnitude by name", named("MRE mag"), None, Role.MAGNITUDE),
    ("phase by name", named("MRE phase"), None, Role.PHASE),
]


def named_rule(instance: Instance, beside: Instance | None) -> tuple[Role, RoleRule | None]:
    members = [made.series(instance, 1)] + ([made.series(beside, 2)] if beside else [])
    first = classify(made.study(*members), RULES)[0]
    return first.role, first.rule


@pytest.mark.parametrize(("instance", "beside", "role"), [row[1:] for row in ROLES], ids=[row[0] for row in ROLES])
def test_a_header_has_its_role(instance: Instance, beside: Instance | None, role: Role) -> None:
    assert named_rule(instance, beside)[0] is role


RAW = [
    made.GE_RAW,
    replace(made.GE_RAW, private_sequence_name=""),
    replace(made.GE_RAW, private_sequence_name="fgremre", series_description=""),
    replace(made.GE_UNMASKED, private_sequence_name="epimre", series_description="Phs and Mag", window=None),
]


@pytest.mark.parametrize("raw", RAW)
def test_the_first_half_of_a_ge_raw_series_is_phase_and_the_second_magnitude(raw: Instance) -> None:
    phase, magnitude = classify(made.study(made.series(raw, 1)), RULES)
    assert (phase.role, magnitude.role) == (Role.PHASE, Role.MAGNITUDE)
    assert [image.instance_number for image in phase.series.instances] == [1, 2]
    assert [image.instance_number for image in magnitude.series.instances] == [3, 4]


def test_every_shipped_role_rule_names_the_role_of_a_header_above() -> None:
    hit = {id(named_rule(instance, beside)[1]) for _, instance, beside, _ in ROLES}
    hit |= {id(named_rule(raw, None)[1]) for raw in RAW}
    unhit = [f"{rule.vendor}: {rule.role} ({rule.source})" for rule in RULES.roles if id(rule) not in hit]
    assert not unhit


@pytest.mark.parametrize("kind", ["signs", "units", "confidence"])
def test_every_other_shipped_rule_holds_for_a_header_above(kind: str) -> None:
    headers = [row[1] for row in ROLES] + RAW
    unhit = [rule for rule in getattr(RULES, kind) if not any(all_hold(rule.when, header) for header in headers)]
    # A confidence map of 3-D processing with a display window is in no other test.
    windowed = replace(mmdi3d("CONFIDENCE"), window=(950.0, 100.0))
    assert not [rule for rule in unhit if not all_hold(rule.when, windowed)]


def test_every_sign_of_a_vendor_holds_for_a_header_above() -> None:
    headers = [row[1] for row in ROLES]
    assert all(any(all_hold(sign, header) for header in headers) for rule in RULES.vendors for sign in rule.signs)


@pytest.mark.parametrize(
    ("instance", "kpa_per_count"),
    [
        (made.MASKED, 0.01),
        (XA_MASKED, 0.01),
        (made.ANONYMOUS_SIEMENS, 0.01),
        (replace(made.ANONYMOUS_SIEMENS, **BY_PROTOCOL), 0.01),
        (named("Steifigkeit", made.ANONYMOUS_SIEMENS), 0.01),
        (made.GE_UNMASKED, 0.001),
        (replace(made.GE_UNMASKED, private_sequence_name=""), 0.001),
        (made.ANONYMOUS_GE, 0.001),
        (replace(made.GE_UNMASKED, private_sequence_name="epimre_iron", series_description="Stiffness"), 0.001),
        (made.PHILIPS_STIFFNESS, 0.005),
    ],
)
def test_a_scanners_stiffness_has_its_scale(instance: Instance, kpa_per_count: float) -> None:
    series = made.series(instance, 1)
    role = next(
        entry.role for entry in classify(made.study(series, made.series(made.ANONYMOUS_GE_CONFIDENCE, 2)), RULES)
    )
    assert resolve_units(series, role, RULES)[0].kpa_per_count == pytest.approx(kpa_per_count)


@pytest.mark.parametrize(
    ("instance", "missing"),
    [
        (replace(made.PHILIPS_STIFFNESS, rescale_type=None), "RescaleSlope 0.005 .* without a unit in RescaleType"),
        (replace(made.PHILIPS_STIFFNESS, rescale_slope=None, rescale_type=None), "no RealWorldValueMappingSequence"),
        (made.CANON_STIFFNESS, "Manufacturer"),
        (made.MMDI3D_STIFFNESS, "Manufacturer"),
        (replace(made.MMDI3D_STIFFNESS, manufacturer="SIEMENS", sequence_name="epseM2d1"), "Manufacturer"),
    ],
)
def test_a_scanner_whose_scale_no_source_tells_needs_a_unit_in_the_header(instance: Instance, missing: str) -> None:
    with pytest.raises(UnknownUnitError, match=missing):
        resolve_units(made.series(instance, 1), Role.STIFFNESS_MASK_UNKNOWN, RULES)


@pytest.mark.parametrize(
    ("instance", "scale"),
    [
        (made.GE_CONFIDENCE, 0.001),
        (made.ANONYMOUS_GE_CONFIDENCE, 0.001),
        (replace(mmdi3d("CONFIDENCE"), window=(950.0, 100.0)), 0.001),
        (named("Confidence", made.PHILIPS_PHASE), None),
        (replace(made.GE_CONFIDENCE, manufacturer=""), 0.001),
        (replace(made.GE_CONFIDENCE, window=(4000.0, 8000.0)), None),
        (replace(made.GE_CONFIDENCE, rescale_slope=0.5), None),
        (replace(made.GE_CONFIDENCE, rescale_slope=0.1, rescale_type="%", window=(95.0, 10.0)), 0.001),
        (replace(made.GE_CONFIDENCE, rescale_slope=1.0, rescale_type="%"), None),
        (replace(GENERIC, rescale_slope=1 / 4095, rescale_type="1"), 1 / 4095),
        (replace(GENERIC, rescale_slope=1 / 4095, rescale_intercept=0.1, rescale_type="1"), None),
        (replace(GENERIC, real_world=(RealWorldMapping("1", 0.001, 0.0),)), 0.001),
        (replace(GENERIC, real_world=(RealWorldMapping("%", 0.1, 0.0),)), 0.001),
        (replace(made.GE_CONFIDENCE, real_world=(RealWorldMapping("kPa", 0.001, 0.0),)), None),
        (replace(made.GE_CONFIDENCE, unusable_unit_elements=("RescaleSlope",)), None),
    ],
)
def test_the_scale_of_a_confidence_map_is_known_or_not_used(instance: Instance, scale: float | None) -> None:
    found = confidence_scale(made.series(instance, 1), RULES)
    assert found == (None if scale is None else pytest.approx(scale))
