"""Words of the command line, by subject."""
