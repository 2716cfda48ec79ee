"""Simulated exams and cohorts of them, what came of each, and how they are shown and stored."""
