"""Between files and types: MIDI, MusicXML, audio, TOML, JSON, briefs. The only owner of bytes."""
