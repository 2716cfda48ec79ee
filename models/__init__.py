"""Published models and their export; never imported at run time."""
