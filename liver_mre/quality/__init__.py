"""Whether an acquisition and its slices can be measured."""
