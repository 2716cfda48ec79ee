"""Simulated MR elastography exams: anatomy, waves, acquisition, inversion and the scanner's DICOM.

Nothing here is imported by the run-time packages (`liver_mre`, `operators`, `app`).
"""
