"""``playbach-train report``: generated movements beside Bach's, in figures and pictures."""

from typing import Any

Figures = dict[str, Any]
"""What is measured, as JSON can hold it; ``None`` where there is nothing to measure."""
