"""Thin MONAI Deploy operators: each receives a case, does one step of the core, and emits the case."""
