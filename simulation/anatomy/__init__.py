"""The simulated patient: trunk, organs, vessels and diseases of the liver, and properties of their tissues."""
