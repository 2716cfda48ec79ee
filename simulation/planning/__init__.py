"""What is decided about an exam before any physics: parameters and their ranges, failures, protocol, slices."""
