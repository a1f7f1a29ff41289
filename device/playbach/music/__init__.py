"""Notes, keys, meters and forms; their encoding for the network; MIDI files.

Pure functions of their arguments, but for ``read_midi``, which opens a file.
"""
