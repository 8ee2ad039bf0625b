"""Somebody's whole song, read as a brief: every value with the reason why it is what it is."""
