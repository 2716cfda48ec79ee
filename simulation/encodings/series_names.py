"""Series descriptions of sites that rename series, in several languages; made up for this project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulation.encodings.types import SeriesKind

if TYPE_CHECKING:
    from collections.abc import Mapping

SERIES_NAMES: Final[Mapping[str, Mapping[SeriesKind, str]]] = {
    "renamed": {
        SeriesKind.MAGNITUDE: "Liver MRE Magnitude",
        SeriesKind.PHASE: "Liver MRE Phase",
        SeriesKind.RAW: "Liver MRE Source Images",
        SeriesKind.WAVE: "Liver MRE Waves",
        SeriesKind.STIFFNESS: "Liver MRE Stiffness",
        SeriesKind.STIFFNESS_MASKED: "Liver MRE Stiffness masked",
        SeriesKind.CONFIDENCE: "Liver MRE Confidence",
        SeriesKind.COLOUR: "Liver MRE Stiffness Color",
    },
    "renamed-de": {
        SeriesKind.MAGNITUDE: "Leber MRE Magnitudenbilder",
        SeriesKind.PHASE: "Leber MRE Phasenbilder",
        SeriesKind.RAW: "Leber MRE Rohdaten",
        SeriesKind.WAVE: "Leber MRE Wellenbilder",
        SeriesKind.STIFFNESS: "Leber Elastogramm",
        SeriesKind.STIFFNESS_MASKED: "Leber Elastogramm maskiert",
        SeriesKind.CONFIDENCE: "Leber MRE Konfidenz",
        SeriesKind.COLOUR: "Leber Elastogramm Farbe",
    },
    "renamed-fr": {
        SeriesKind.MAGNITUDE: "MRE foie magnitude",
        SeriesKind.PHASE: "MRE foie phase",
        SeriesKind.RAW: "MRE foie source",
        SeriesKind.WAVE: "MRE foie ondes",
        SeriesKind.STIFFNESS: "élastogramme du foie",
        SeriesKind.STIFFNESS_MASKED: "élastogramme du foie masqué",
        SeriesKind.CONFIDENCE: "MRE foie confiance",
        SeriesKind.COLOUR: "élastogramme du foie couleur",
    },
    "renamed-ja": {
        SeriesKind.MAGNITUDE: "肝 MRE 強度画像",
        SeriesKind.PHASE: "肝 MRE 位相",
        SeriesKind.RAW: "肝 MRE 元画像",
        SeriesKind.WAVE: "肝 MRE 波",
        SeriesKind.STIFFNESS: "肝 エラストグラム",
        SeriesKind.STIFFNESS_MASKED: "肝 エラストグラム マスク",
        SeriesKind.CONFIDENCE: "肝 MRE 信頼度",
        SeriesKind.COLOUR: "肝 エラストグラム カラー",
    },
}
