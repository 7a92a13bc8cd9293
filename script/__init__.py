"""What is run by hand, or by the scripts beside it."""
