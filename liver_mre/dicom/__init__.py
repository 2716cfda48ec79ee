"""DICOM in: folders to studies, series to stiffness volumes."""
