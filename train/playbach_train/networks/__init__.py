"""The networks there are: one module each, one row each."""
