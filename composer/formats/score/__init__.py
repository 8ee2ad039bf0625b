"""A piece as written music: MusicXML as a musician expects it."""
