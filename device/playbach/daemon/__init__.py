"""The service: builds everything from the configuration, and stops it in reverse order."""
