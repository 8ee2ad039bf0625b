"""Whether a MIDI file keeps what every program understands, and what a program makes of it on import."""
