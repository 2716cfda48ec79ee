"""Names that contradict a measurement of the liver at 60 Hz are refused, or noted; ordinary names are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from liver_mre.errors import OtherExamError
from tests.planning import select
from tests.series import study_factory as made
from tests.studies.files import RULES

STIFFNESS = made.PHILIPS_STIFFNESS


def planned(description: str, protocol: str = "", *, asked: bool = False) -> tuple[str, ...]:
    """Return the notes on a masked stiffness series of these names."""
    named = replace(STIFFNESS, series_description=description, protocol_name=protocol or STIFFNESS.protocol_name)
    series = made.series(named, 7)
    uid = series.series_instance_uid if asked else None
    (acquisition,) = select(made.study(series), RULES, series_uid=uid).acquisitions
    return acquisition.notes


REFUSED = {
    "MRE Stiffness 40Hz": "driver frequency",
    "Stiffness_80 Hz": "driver frequency",
    "Stiffness 30/40/50 Hz": "driver frequency",
    "Stiffness (37,5 Hz)": "driver frequency",
    **dict.fromkeys(
        (
            *(
                "Stiffness 80-Hz",
                "Stiffness 40 hertz",
                "Stiffness 80Hertz",
                "Stiffness 80_Hz",
                "Stiffness 80.Hz",
                "Stiffness 80 [Hz]",
                "Stiffness_HZ80",
                "Stiffness (Hz): 80",
            ),
            *(
                "0.08kHz Stiffness",
                "Stiffness 0,08 kHz",
                "Stiffness at 100 cps",
                "Stiffness 80 H z",
                "Stiffness 80 Herz",
                "Stiffness_80HzTE20",
                "Stiffness 80 Hz/3D",
            ),
            *(
                "Stiffness 80 Гц",
                "Stiffness 80 герц",
                "Stiffness 0,08 кГц",
                "Stiffness 80 ヘルツ",
                "Stiffness 80赫兹",
                "Stiffness 80 헤르츠",
                "Stiffness \uff18\uff10\uff28\uff5a",
                "Stiffness 80㎐",
            ),
            # What stands beside 80 Hz is no other explanation of it.
            *(
                "Stiffness TE60_80Hz",
                "Stiffness TE 60 80 Hz",
                "Stiffness 80Hz BW 500",
                "Stiffness 80 Hz filtered",
                "Stiffness 80Hz parallel imaging",
            ),
            *("Stiffness 80 Hz, 50 Hz notch", "Stiffness 80 Hz, low pass"),
        ),
        "driver frequency",
    ),
    "Steifigkeit Phantom": "phantom",
    "test phantom stiffness": "phantom",
    "liver phantom stiffness": "phantom",
    "rigidite fant\u00f4me": "phantom",
    "Leber-Phantom Steifigkeit": "phantom",
    "stiffness QA Phan.": "phantom",
    "stiffness CIRS 049": "phantom",
    "brain stiffness": "organ",
    **dict.fromkeys(
        [
            *(
                f"stiffness {name}"
                for name in ("heart", "cardiac", "Herz", "c\u0153ur", "knee", "calf muscle", "Muskel", "thyroid")
            ),
            *(
                f"stiffness {name}"
                for name in (
                    "Schilddr\u00fcse",
                    "Kopf",
                    "Hirn",
                    "head",
                    "breast",
                    "Brust",
                    "sein",
                    "Knie",
                    "\u5fc3\u81d3",
                )
            ),
        ],
        "organ",
    ),
    "Prostata Steifigkeit": "organ",
}
ORDINARY = (
    "MRE Stiffness",
    "Stiffness 60Hz",
    "Stiffness 60.1 Hz",
    "Stiffness 62,5 Hz",
    "Stiffness 40-60 Hz",
    "30 40 50 60Hz stiffness",
    "Stiffness BW 1500Hz",
    "Stiffness 130 Hz/Px",
    "Stiffness 130 Hz per pixel",
    "Stiffness 130 Hz pro Pixel",
    "Stiffness 130HzPx",
    "Stiffness Hz/px 130",
    "Stiffness 60 Hz/80 Hz",
    "Stiffness 60 and 80 Hz",
    "Stiffness 0.06kHz",
    "Stiffness 60-Hz, 50 Hz mains filter",
    "Stiffness 60 Hz, 100 Hz low pass",
    "Stiffness BW 62.5 kHz",
    "Stiffness Hz 20 slices",
    "Stiffness 5050Hz",
    "Stiffness test",
    "Stiffness no phantom",
    "Phantomfrei Stiffness Leber",
    "Upper abdomen stiffness brain tumour f/u",
    "Abd stiffness - prostate ca met",
    "Oberbauch Steifigkeit Mammaca.",
    "liver stiffness (uterine ca staging)",
    "Stiffness cardiac gated",
    "Stiffness head first",
    "Stiffness headless hearth",
    "Stiffness breath-hold abdomen",
    "liver/spleen stiffness",
    "Steifigkeit Leber Milz",
    "Stiffness rest hepatosplenic",
)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("element", ["SeriesDescription", "ProtocolName"])
def test_a_name_of_another_exam_is_refused_by_its_element(name: str, element: str) -> None:
    names = (name,) if element == "SeriesDescription" else ("Stiffness", name)
    with pytest.raises(OtherExamError, match=f"{element} .*of stiffness series 7 .*{REFUSED[name]}") as error:
        planned(*names, **({} if element == "ProtocolName" else {"protocol": "MRE"}))
    assert "Nothing was measured; if the name is wrong, name the series with --series 1.2.7" in str(error.value)
    assert name not in str(error.value)


@pytest.mark.parametrize("name", REFUSED)
def test_a_series_that_is_asked_for_is_measured_with_a_note(name: str) -> None:
    assert any(REFUSED[name] in note and "asked for" in note for note in planned(name, "MRE", asked=True))


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_name_is_neither_refused_nor_noted(name: str) -> None:
    assert not [note for note in planned(name, "MRE") if "SeriesDescription" in note]


@pytest.mark.parametrize("name", ["spleen stiffness", "Milz Steifigkeit", "stiffness renal", "Stiffness pancreas"])
def test_the_name_of_an_organ_beside_the_liver_is_noted(name: str) -> None:
    (note,) = (note for note in planned(name, "MRE") if "SeriesDescription" in note)
    assert note.startswith("SeriesDescription of stiffness series 7 names an organ beside the liver")
    assert not [found for found in planned(name, "MRE liver") if "SeriesDescription" in found]


@pytest.mark.parametrize(
    "name",
    ["Stiffness 50 Hz mains filter", "Netzfilter 50 Hz Stiffness", "Stiffness BW 130 Hz", "Stiffness 100Hz lowpass"],
)
def test_the_frequency_of_a_filter_alone_is_noted(name: str) -> None:
    (note,) = (note for note in planned(name, "MRE") if "SeriesDescription" in note)
    assert "states a frequency of a filter or a bandwidth, and none of the driver" in note


def test_a_protocol_for_phantoms_that_names_the_liver_is_noted() -> None:
    (note,) = (note for note in planned("Liver stiffness (phantom QA protocol)", "MRE") if "SeriesDescription" in note)
    assert "names a phantom and the liver" in note


def test_the_protocol_for_livers_excuses_no_phantom() -> None:
    with pytest.raises(OtherExamError, match="phantom"):
        planned("Phantom stiffness", "Liver MRE")
