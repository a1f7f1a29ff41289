"""MIDI: messages, files, General MIDI, and the notes that sound."""
