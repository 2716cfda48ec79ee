"""Studies made of header values alone, for tests of the core."""

from __future__ import annotations

from dataclasses import replace

from liver_mre.studies.study import Instance, PatientKey, Series, Study

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
    slice_thickness_mm=5.0,
)
UNMASKED = replace(MASKED, series_description=f"{PROTOCOL}_P_Stiff")
MAGNITUDE = replace(MASKED, series_description=f"{PROTOCOL}__Mag", image_type=("ORIGINAL", "PRIMARY", "M"))
PHASE = replace(MASKED, series_description=f"{PROTOCOL}_P", image_type=("ORIGINAL", "PRIMARY", "P"))
WAVE = replace(MASKED, series_description=f"{PROTOCOL}_P_Wave", image_type=("DERIVED", "PRIMARY", "P", "WV"))
COLOUR = replace(MASKED, samples_per_pixel=3, photometric_interpretation="RGB")
LOCALIZER = replace(MASKED, series_description="localizer", sequence_name="*fl2d1", image_type=("ORIGINAL", "M"))
T2 = replace(LOCALIZER, series_description="t2_haste_tra_bh", sequence_name="*h2d1_128")

GE_UNMASKED = replace(
    MASKED,
    manufacturer="GE MEDICAL SYSTEMS",
    sequence_name="",
    private_sequence_name="MR-Touch",
    protocol_name="MRE",
    series_description="Elastogram (Pa)",
    image_type=("DERIVED", "SECONDARY", "OTHER"),
    window=(4000.0, 8000.0),
    rows=256,
    columns=256,
)
GE_MASKED = replace(GE_UNMASKED, series_description="Elastogram masked (Pa)")
GE_CONFIDENCE = replace(GE_UNMASKED, series_description="Confidence Map", window=(950.0, 100.0))
GE_COLOUR = replace(GE_UNMASKED, samples_per_pixel=3, photometric_interpretation="RGB", window=None)
GE_WAVE = replace(GE_UNMASKED, series_description="Wave Images", window=None)
GE_RAW = replace(
    GE_UNMASKED, series_description="Ax MR Touch", image_type=("ORIGINAL", "PRIMARY", "OTHER"), window=None
)
PHILIPS_PHASE = replace(
    MASKED,
    manufacturer="Philips Medical Systems",
    sequence_name="",
    protocol_name="SE-EPI liver",
    series_description="WIP liver",
    image_type=("ORIGINAL", "PRIMARY", "P", "MRE"),
)
PHILIPS_MAGNITUDE = replace(PHILIPS_PHASE, image_type=("ORIGINAL", "PRIMARY", "M_SE", "M", "SE"))
PHILIPS_STIFFNESS = replace(
    PHILIPS_PHASE,
    series_description="Stiffness",
    image_type=("DERIVED", "PRIMARY", "OTHER"),
    rescale_slope=0.005,
    rescale_intercept=0.0,
    rescale_type="kPa",
    window=(4.0, 8.0),
)
CANON_STIFFNESS = replace(
    MASKED,
    manufacturer="CANON_MEC",
    sequence_name="",
    series_description="MRE",
    image_comments="Stiffness",
    image_type=("DERIVED", "SECONDARY"),
)
MMDI3D_STIFFNESS = replace(
    MASKED,
    manufacturer="Resoundant",
    sequence_name="3d-mmdi",
    series_description="3D MRE",
    image_type=("DERIVED", "SECONDARY", "MMDI3D", "STIFFNESS"),
)
ANONYMOUS_SIEMENS = replace(MASKED, series_description="", window=(400.0, 800.0))
ANONYMOUS_GE = replace(GE_UNMASKED, series_description="", private_sequence_name="", protocol_name="")
ANONYMOUS_GE_CONFIDENCE = replace(ANONYMOUS_GE, window=(950.0, 100.0))


def series(template: Instance, number: int, z_mm: tuple[float, ...] = (-10.0, 0.0, 10.0, 20.0)) -> Series:
    """Return a series of one instance at each z, like the template otherwise."""
    instances = (
        replace(template, sop_instance_uid=f"{number}.{i}", position_mm=(-199.2, -158.6, z), instance_number=i)
        for i, z in enumerate(z_mm, start=1)
    )
    return Series(f"1.2.{number}", number, tuple(instances))


def study(*members: Series) -> Study:
    return Study("1.2", members)
