"""Every expected failure, with its code, its exit code and a message that says what to do.

Messages never contain patient data: no names, identifiers, dates or file names, and UIDs only where the user needs them
to act.
"""

from __future__ import annotations

from enum import IntEnum

from liver_mre.output_reasons import REASONS, UNKNOWN_REASON


class ExitCode(IntEnum):
    """Exit codes of the application, for orchestrators."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    NO_ELIGIBLE_SERIES = 3
    INVALID_INPUT = 4
    MODEL_OR_DEVICE = 5
    OUTPUT = 6


class MreError(Exception):
    """An expected failure.

    Attributes
    ----------
    code : short machine-readable name, stable across versions (`reason.code` in `result.json`)
    exit_code : the exit code of a run that ends with this failure
    """

    code: str = "internal_error"
    exit_code: ExitCode = ExitCode.INTERNAL
    default_message: str = "The application failed unexpectedly. Run again with --log-level debug and report the log."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.default_message)


class UsageError(MreError):
    """A command line option, setting or path is unusable."""

    code = "usage"
    exit_code = ExitCode.USAGE
    default_message = "The command cannot be used like this. See `liver-mre --help`."


class SettingsError(UsageError):
    """A setting is unknown, of the wrong type or out of range."""

    code = "invalid_setting"
    default_message = "A setting is invalid. Compare your settings with app.yaml."


class NoEligibleSeriesError(MreError):
    """The study holds no series that can be measured."""

    code = "no_mre_series"
    exit_code = ExitCode.NO_ELIGIBLE_SERIES
    default_message = (
        "No MR elastography stiffness series was found in this study. "
        "`liver-mre check` lists every series and why it was not chosen."
    )


class NoStiffnessError(NoEligibleSeriesError):
    """The study holds MR elastography, but no stiffness series."""

    code = "no_stiffness_series"
    default_message = (
        "This study holds MR elastography, but no series that is known as its stiffness map. Send that series too; "
        "`liver-mre check` says what each series is."
    )


class NoConfidenceError(NoEligibleSeriesError):
    """The confidence of the stiffness pixels is unknown."""

    code = "no_confidence"
    default_message = (
        "This study holds a stiffness series, but neither one masked at 95 % confidence nor a confidence map of the "
        "same slices, so the confidence of its pixels is unknown. Send that series too."
    )


class SeriesNotMeasurableError(NoEligibleSeriesError):
    """The requested series cannot be measured."""

    code = "series_not_measurable"
    default_message = "The series asked for cannot be measured. `liver-mre check` says why."


class MixedSeriesError(NoEligibleSeriesError):
    """The stiffness series holds other images, too."""

    code = "mixed_series"
    default_message = (
        "The stiffness series holds images of another kind too. Nothing was measured; "
        "take those images out, or send the series again."
    )


class AmbiguousSeriesError(NoEligibleSeriesError):
    """Several series could be measured, and it is not clear which to choose."""

    code = "ambiguous_series"
    default_message = (
        "More than one series could be measured. Name the one to measure with --series UID; "
        "`liver-mre check` lists them."
    )


class OtherBodyPartError(NoEligibleSeriesError):
    """The images are not of the abdomen."""

    code = "other_body_part"
    default_message = "The stiffness series does not show the liver. Nothing was measured."


class OtherExamError(NoEligibleSeriesError):
    """The images are named as those of another exam than one of the liver at 60 Hz."""

    code = "other_exam"
    default_message = "The stiffness series is named as that of another exam. Nothing was measured."


class UnknownUnitError(NoEligibleSeriesError):
    """The unit of the stiffness pixels is unknown, or the evidence is contradictory."""

    code = "unknown_unit"
    default_message = (
        "The unit of the stiffness pixels is not known. Nothing was measured; "
        "set kpa_per_count if you know the scanner's scale."
    )


class ImplausibleStiffnessError(UnknownUnitError):
    """The values cannot be liver stiffness in the assumed unit."""

    code = "implausible_stiffness"
    default_message = (
        "The measured stiffness is none that a liver can have. Nothing was measured; check the images and the "
        "scanner's scale."
    )


class InvalidInputError(MreError):
    """The input cannot be read as DICOM studies."""

    code = "invalid_input"
    exit_code = ExitCode.INVALID_INPUT
    default_message = "The input is not a readable DICOM study."


class NoDicomError(InvalidInputError):
    """The input holds no DICOM image."""

    code = "no_dicom"
    default_message = "The input folder holds no DICOM images. Give the folder of one or more DICOM studies."


class TruncatedFileError(InvalidInputError):
    """A file of the measured series is cut off or its pixels cannot be decoded."""

    code = "truncated_file"
    default_message = "A DICOM file of the measured series is truncated or unreadable. Send the series again."


class UnusablePixelsError(InvalidInputError):
    """The pixels to measure are stored in a way that is not known, or header and pixels contradict each other."""

    code = "unusable_pixels"
    default_message = (
        "The pixels to measure are stored in a way that is not supported, or their header contradicts them. Nothing "
        "was measured; send the series again."
    )


class LossyPixelsError(InvalidInputError):
    """The pixels to measure were compressed with loss."""

    code = "lossy_pixels"
    default_message = (
        "The stiffness images or their confidence map were compressed with loss (LossyImageCompression or transfer "
        "syntax), which changes stiffness values. Nothing was measured; send the uncompressed series from the scanner."
    )


class MissingSlicesError(InvalidInputError):
    """The stiffness series is incomplete."""

    code = "missing_slices"
    default_message = "Slices of the stiffness series are missing. Send the complete series again."


class ConflictingFilesError(InvalidInputError):
    """Files of the measured series have the same UID but different content."""

    code = "conflicting_files"
    default_message = (
        "Files of the series to measure have the same SOPInstanceUID but different content, so it is not clear which "
        "to measure. Nothing was measured; take the wrong files out, or send the series again."
    )


class ContradictoryImagesError(InvalidInputError):
    """Images that must agree within an acquisition, or within an image, do not."""

    code = "contradictory_images"
    default_message = (
        "Images of the acquisition contradict each other, so one of them was changed. Nothing was measured; send the "
        "series again."
    )


class MixedPatientsError(InvalidInputError):
    """Files of one study name more than one patient."""

    code = "mixed_patients"
    default_message = (
        "Files of one study belong to different patients: they differ in PatientID or its issuer, or in name "
        "and date of birth. Nothing was measured; sort the input, or correct them at their source, and send it again."
    )


class RepeatedStudyError(InvalidInputError):
    """The input gives a study a second time."""

    code = "repeated_study"
    default_message = (
        "The input gives this study more than once (same StudyInstanceUID). What came first was processed, the rest "
        "was not; put all files of the study together and send it once."
    )


class GeometryError(InvalidInputError):
    """The geometry of a series is missing or contradictory."""

    code = "invalid_geometry"
    default_message = "The geometry of the stiffness series is missing or contradictory. Nothing was measured."


class ModelError(MreError):
    """The model's files are missing, damaged or do not belong together."""

    code = "invalid_model"
    exit_code = ExitCode.MODEL_OR_DEVICE
    default_message = "The model cannot be used. Run `make model` to export it again."


class DeviceError(MreError):
    """The requested device is not available."""

    code = "device_unavailable"
    exit_code = ExitCode.MODEL_OR_DEVICE
    default_message = "The requested device is not available. Use --device auto or --device cpu."


class MemoryShortageError(MreError):
    """There is less memory than a run needs."""

    code = "too_little_memory"
    exit_code = ExitCode.MODEL_OR_DEVICE
    default_message = (
        "There is too little memory for a run. Give it 2 GiB (`--memory` of the container, `ulimit -v` of the shell), "
        "or fewer runs at a time."
    )


class OutputError(MreError):
    """Results cannot be written."""

    code = "output_unwritable"
    exit_code = ExitCode.OUTPUT
    default_message = "The output folder cannot be written. Check its permissions and free space."

    @classmethod
    def of(cls, error: OSError) -> OutputError:
        """Return the error that says why the operating system refused, and what to do.

        Libraries raise such errors anew without their number; that of the error before is then looked at.
        """
        first: BaseException | None = error
        while first is not None and not getattr(first, "errno", None):
            first = first.__cause__ or first.__context__
        number = getattr(first, "errno", None) or 0
        return cls(f"The output folder cannot be written{REASONS.get(number, UNKNOWN_REASON)}")


class OutputInUseError(OutputError):
    """Another run is writing into the output folder."""

    code = "output_in_use"
    default_message = (
        "Another run is writing into this output folder. Wait until it has ended, or give another folder with -o."
    )
