"""Segmentation of the liver: the network's input, the network, and the mask that it predicts."""
