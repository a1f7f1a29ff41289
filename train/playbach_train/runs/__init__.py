"""Run folders: the loop that fills them, checkpoints, curves, scores, and reading them back."""
