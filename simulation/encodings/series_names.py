"""Series descriptions of sites that rename series, in several languages; made up for this project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulation.encodings.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

SERIES_NAMES: Final[Mapping[str, Mapping[Kind, str]]] = {
    "renamed": {
        Kind.MAGNITUDE: "Liver MRE Magnitude",
        Kind.PHASE: "Liver MRE Phase",
        Kind.RAW: "Liver MRE Source Images",
        Kind.WAVE: "Liver MRE Waves",
        Kind.STIFFNESS: "Liver MRE Stiffness",
        Kind.STIFFNESS_MASKED: "Liver MRE Stiffness masked",
        Kind.CONFIDENCE: "Liver MRE Confidence",
        Kind.COLOUR: "Liver MRE Stiffness Color",
    },
    "renamed-de": {
        Kind.MAGNITUDE: "Leber MRE Magnitudenbilder",
        Kind.PHASE: "Leber MRE Phasenbilder",
        Kind.RAW: "Leber MRE Rohdaten",
        Kind.WAVE: "Leber MRE Wellenbilder",
        Kind.STIFFNESS: "Leber Elastogramm",
        Kind.STIFFNESS_MASKED: "Leber Elastogramm maskiert",
        Kind.CONFIDENCE: "Leber MRE Konfidenz",
        Kind.COLOUR: "Leber Elastogramm Farbe",
    },
    "renamed-fr": {
        Kind.MAGNITUDE: "MRE foie magnitude",
        Kind.PHASE: "MRE foie phase",
        Kind.RAW: "MRE foie source",
        Kind.WAVE: "MRE foie ondes",
        Kind.STIFFNESS: "élastogramme du foie",
        Kind.STIFFNESS_MASKED: "élastogramme du foie masqué",
        Kind.CONFIDENCE: "MRE foie confiance",
        Kind.COLOUR: "élastogramme du foie couleur",
    },
    "renamed-ja": {
        Kind.MAGNITUDE: "肝 MRE 強度画像",
        Kind.PHASE: "肝 MRE 位相",
        Kind.RAW: "肝 MRE 元画像",
        Kind.WAVE: "肝 MRE 波",
        Kind.STIFFNESS: "肝 エラストグラム",
        Kind.STIFFNESS_MASKED: "肝 エラストグラム マスク",
        Kind.CONFIDENCE: "肝 MRE 信頼度",
        Kind.COLOUR: "肝 エラストグラム カラー",
    },
}
