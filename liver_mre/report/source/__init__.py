"""What results take over from the header of the source images: an allow-list, made to conform to DICOM."""
