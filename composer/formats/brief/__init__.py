"""The brief: its fields, what they may hold, and how it stands in a file."""
