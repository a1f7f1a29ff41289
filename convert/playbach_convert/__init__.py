"""Converts a trained run into the bundle that the board plays."""
