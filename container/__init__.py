"""What makes the container image: manifests, package lock, slimming, bill of materials. Never imported at run time."""
