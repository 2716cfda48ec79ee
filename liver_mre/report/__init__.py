"""Results as DICOM: segmentation, structured report and overlay picture, built from the core's frozen types."""
