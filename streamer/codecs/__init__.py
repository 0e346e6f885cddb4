"""Floor 2: bytes and text to values and back: events, changes, profiles, mappings, rule files."""
