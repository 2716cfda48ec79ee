"""From the pixels of an acquisition to stiffness in kPa, confidence, magnitude and waves on one grid."""
