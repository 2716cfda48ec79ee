"""Simulated exams and cohorts of them, their outcome, ground truth and pictures."""
