"""Notes, keys, meters and forms; their encoding for the network; MIDI files. Pure."""
