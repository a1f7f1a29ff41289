"""Small networks for sound: an effect learned from what goes into it and what comes out."""
