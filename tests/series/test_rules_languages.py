"""The shipped rules know the words of other languages."""

from __future__ import annotations

import pytest

from liver_mre.series.roles import STIFFNESS_ROLES, Role
from tests.series.test_rules_shipped import named, named_rule

LANGUAGES = [
    "Stiffness",
    "ELASTOGRAM",
    "Élastogramme",
    "Steifigkeitskarte",
    "Carte de rigidité",
    "Mapa de rigidez",
    "Mappa di rigidità",
    "Stijfheidskaart",
    "жёсткость",
    "硬度マップ",
    "\uff45lastogra\uff4d",
    "エラストグラム",
    "刚度图",
    "剛度圖",
    "탄성도",
]


@pytest.mark.parametrize("description", LANGUAGES)
def test_stiffness_is_recognised_in_other_languages(description: str) -> None:
    assert named_rule(named(description), None)[0] is Role.STIFFNESS_MASK_UNKNOWN


@pytest.mark.parametrize(
    "description",
    [
        "Steifigkeit maskiert",
        "Élastogramme masqué",
        "Rigidez con máscara",
        "Rigidità mascherata",
        "Stijfheid gemaskeerd",
        "硬度マスク",
        "刚度 掩码",
        "Stiffness \uff1e\uff19\uff15\uff05",
    ],
)
def test_a_mask_is_recognised_in_other_languages(description: str) -> None:
    assert named_rule(named(description), None)[0] is Role.STIFFNESS_MASKED


@pytest.mark.parametrize(
    "description",
    ["Steifigkeit ohne Maske", "Stiffness unmasked", "Rigidez sin máscara", "Carte de rigidité sans masque"],
)
def test_a_map_without_a_mask_is_not_taken_for_a_masked_one(description: str) -> None:
    assert named_rule(named(description), None)[0] is Role.STIFFNESS


@pytest.mark.parametrize(
    "description", ["Konfidenz", "Carte de confiance", "Mapa de confianza", "Mappa di confidenza", "信頼度", "置信度图"]
)
def test_confidence_is_recognised_in_other_languages(description: str) -> None:
    assert named_rule(named(description), None)[0] is Role.CONFIDENCE


@pytest.mark.parametrize(
    "description", ["MR Elastography", "Elastographie Leber", "Elastografia", "エラストグラフィ", "MRE"]
)
def test_the_name_of_the_examination_alone_is_no_stiffness(description: str) -> None:
    assert named_rule(named(description), None)[0] is Role.OTHER


@pytest.mark.parametrize(
    "description",
    ["Young's modulus (stiffness)", "Stiffness Youngs modulus", "shear stiffness speed m/s", "Stiffness velocity"],
)
def test_young_s_modulus_and_wave_speed_are_not_taken_for_shear_stiffness(description: str) -> None:
    """Young's modulus is three times the shear modulus, and a speed is no modulus."""
    assert named_rule(named(description), None)[0] not in STIFFNESS_ROLES


def test_the_name_of_parallel_imaging_is_no_speed() -> None:
    assert named_rule(named("MRE SPEEDER stiffness"), None)[0] is Role.STIFFNESS_MASK_UNKNOWN
