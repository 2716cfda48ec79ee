"""Studies made of header values alone, for tests of the core."""

from __future__ import annotations

from dataclasses import replace

from liver_mre.core.study import Instance, PatientKey, Series, Study

PROTOCOL = "greMRE_tra_p2_bh_128"
MASKED = Instance(
    source="",
    sop_instance_uid="1",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
    patient_key=PatientKey("a"),
    modality="MR",
    manufacturer="SIEMENS",
    image_type=("DERIVED", "PRIMARY", "OTHER", "ND"),
    series_description=f"{PROTOCOL}_P_StiffC95",
    sequence_name="greMR",
    rows=204,
    columns=256,
    position_mm=(-199.2, -158.6, 0.0),
    orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    pixel_spacing_mm=(1.5625, 1.5625),
)
UNMASKED = replace(MASKED, series_description=f"{PROTOCOL}_P_Stiff")
MAGNITUDE = replace(MASKED, series_description=f"{PROTOCOL}__Mag", image_type=("ORIGINAL", "PRIMARY", "M"))
PHASE = replace(MASKED, series_description=f"{PROTOCOL}_P", image_type=("ORIGINAL", "PRIMARY", "P"))
WAVE = replace(MASKED, series_description=f"{PROTOCOL}_P_Wave", image_type=("DERIVED", "PRIMARY", "P", "WV"))
COLOUR = replace(MASKED, samples_per_pixel=3, photometric_interpretation="RGB")
LOCALIZER = replace(MASKED, series_description="localizer", sequence_name="*fl2d1", image_type=("ORIGINAL", "M"))
T2 = replace(LOCALIZER, series_description="t2_haste_tra_bh", sequence_name="*h2d1_128")


def series(template: Instance, number: int, z_mm: tuple[float, ...] = (-10.0, 0.0, 10.0, 20.0)) -> Series:
    """Return a series of one instance at each z, like the template otherwise."""
    instances = (
        replace(template, sop_instance_uid=f"{number}.{i}", position_mm=(-199.2, -158.6, z), instance_number=i)
        for i, z in enumerate(z_mm, start=1)
    )
    return Series(f"1.2.{number}", number, tuple(instances))


def study(*members: Series) -> Study:
    return Study("1.2", members)
