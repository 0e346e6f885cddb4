"""Floor 7: the command line; every command is a thin shell around one composition."""
