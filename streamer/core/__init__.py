"""Floor 1, pure: the syntax tree of rules, their leaves, profiles and the decision itself."""
