"""A piece as other programs take it: DAW sessions, MIDI stems, engraved pages."""
