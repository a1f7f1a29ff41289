"""Configuration: one schema, a file that documents it, all mistakes reported at once."""
