"""What is measured in the liver, how certain it is, and which stage it means."""
