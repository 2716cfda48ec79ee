"""The method: its steps in order, from a study to its findings."""
