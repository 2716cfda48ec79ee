"""Simulated MR elastography exams: anatomy, waves, acquisition, inversion and DICOM. Never imported at run time."""
