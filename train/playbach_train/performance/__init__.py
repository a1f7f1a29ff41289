"""How players perform written notes: reading alignments, fitting the performer, measuring it."""
