"""Written notes to performed notes: time, length, weight and bowing, fitted to violinists. Pure."""
