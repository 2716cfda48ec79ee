"""The liver segmentation network: input, training, evaluation, publication."""
