"""Notes as a musician writes them: bars, voices, note values, ties, tuplets, beams, spelling."""
