"""Trains the network: scores in, a run directory out."""
