"""The findings as DICOM structured report."""
