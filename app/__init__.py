"""The application: the graph and its command line."""
