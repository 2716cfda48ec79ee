"""The application: the MONAI Deploy graph and the command line."""
