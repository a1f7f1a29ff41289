"""The page and its interface: talks to the session and to nothing else of the music."""
