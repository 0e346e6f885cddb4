"""Floor 8: what people ask about rules and histories: explain, report, diff, effect, fit."""
