"""The exported liver segmentation network and its backends."""
