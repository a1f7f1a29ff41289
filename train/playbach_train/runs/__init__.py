"""Run folders: the loop that fills them, checkpoints, kept scores, and reading them back."""
