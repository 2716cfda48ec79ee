"""The liver: what the network is shown, the network itself, the mask it gives."""
