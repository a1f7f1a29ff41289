"""The only mutable state of a playing program: settings and commands in, a frozen status out."""
