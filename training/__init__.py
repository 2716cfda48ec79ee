"""Training of the liver segmentation network on simulated exams; never imported at run time."""
