"""Floor 4: implementations of the ports, one per outside thing; they know no rules."""
