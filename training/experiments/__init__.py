"""Experiments behind the measurement: region rules, 95 % interval, refusals."""
