"""Quality of an elastogram: what can be computed from its arrays, and what follows from it."""
