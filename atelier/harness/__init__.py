"""Runs a learner's program as a black box: a stranger in a folder of its own."""
