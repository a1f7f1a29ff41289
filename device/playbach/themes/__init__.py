"""Themes that are given as a file, typed or played, made playable; what was changed is said."""

from playbach.themes.read import MOST_BYTES, read_theme, theme_from_bytes, theme_from_notes

__all__ = ["MOST_BYTES", "read_theme", "theme_from_bytes", "theme_from_notes"]
