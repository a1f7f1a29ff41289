"""``playbach-train report``: generated movements beside Bach's, in figures and pictures."""
