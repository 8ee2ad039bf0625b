"""The commands: what each takes, which step it runs, what it shows."""
