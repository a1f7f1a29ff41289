"""Notes become sound: a synth, a neural effect and a limiter, a block at a time."""
