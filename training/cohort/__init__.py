"""Exams and their files: simulated cohorts, a site's own data, splits by patient."""
