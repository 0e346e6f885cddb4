"""The evaluator: what an event, a wake, new rules or a merge does to one profile."""
