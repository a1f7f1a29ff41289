"""How large anything in a bundle may be; ``playbach.archive`` has the limits of its file."""

MAX_MANIFEST_BYTES = 256 << 10

MAX_RANK = 4
"""Axes of one tensor or table."""
MAX_ELEMENTS = 1 << 26
"""Elements of one tensor or table."""
MAX_TENSORS = 64
"""Inputs, or outputs, of one graph."""
MAX_PARTS = 60
MAX_TABLES = 60
MAX_PARAMETERS = 64
"""Hyperparameters; likewise forms, and meters."""
