"""Exams that are not an axial elastogram of a liver: phantoms, other organs, planes, poses and contrasts."""
