"""How large anything in a bundle may be: generous for music, small for the smallest board."""

MIB = 1 << 20
MAX_FILE_BYTES = 64 * MIB
"""The bundle as it lies on disk."""
MAX_UNPACKED_BYTES = 64 * MIB
"""All entries together, unpacked. Weights hardly shrink, so no honest bundle needs more."""
MAX_MANIFEST_BYTES = 256 << 10
MAX_ENTRIES = 128
MAX_NAME_BYTES = 80
"""The path of an entry in the zip."""

MAX_RANK = 4
"""Axes of one tensor or table."""
MAX_ELEMENTS = 1 << 26
"""Elements of one tensor or table."""
MAX_TENSORS = 64
"""Inputs, or outputs, of one graph."""
MAX_SYMBOLS = 4096
"""Members of one table of the encoding, or symbols of a vocabulary."""
MAX_TICKS = 24 * 4 * 256
"""The longest shift or duration with a symbol of its own: 256 whole notes."""
MAX_PITCH = 127
MAX_PARAMETERS = 64
"""Hyperparameters; likewise forms, and meters."""
MAX_INTEGER = (1 << 31) - 1
"""Either way, of whole numbers without limits of their own."""
MAX_TEXT = 1000
"""Characters of one string."""
MAX_ITEMS = 1000
"""Members of one free list or object in the provenance."""
MAX_DEPTH = 6
"""Nesting of a free value in the provenance."""
