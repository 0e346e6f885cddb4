"""Rules as data: what an author wrote, its identity, and how it compiles to a program."""
