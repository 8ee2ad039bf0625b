"""How the program meets a person: options, values as they are typed, notes, tables, failures, Ctrl-C."""
