"""Where the music goes: one module for each kind of destination, one table of all."""
