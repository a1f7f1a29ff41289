"""Open Sound Control over UDP: settings and commands in, notes and settings out."""
