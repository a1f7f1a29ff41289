"""Music as files: MIDI, sound, scores and pictures, told apart by their suffix."""
