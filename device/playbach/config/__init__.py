"""Configuration: one schema, a file that documents every key, all mistakes reported at once."""

from playbach.config.reader import Loaded, find_config, load_config
from playbach.config.schema import (
    LEVELS,
    SECTIONS,
    Config,
    Recording,
    Service,
    default_text,
    effective_text,
)

__all__ = [
    "LEVELS",
    "SECTIONS",
    "Config",
    "Loaded",
    "Recording",
    "Service",
    "default_text",
    "effective_text",
    "find_config",
    "load_config",
]
