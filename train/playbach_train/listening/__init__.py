"""A blind listening test: a page of unlabelled excerpts, and the analysis of what was answered."""
