"""Networks that tell diagnostic slices from others, trained on simulated failures."""
