"""The pure core: frozen types and functions on arrays. No files, no DICOM library, no Holoscan, no MONAI."""
