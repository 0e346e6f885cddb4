"""The kinds of state: what a cell remembers of one customer, folds, drops and merges."""
