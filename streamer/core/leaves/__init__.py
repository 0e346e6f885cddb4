"""The leaves: one module each, holding the question as declared, its memory and its answer."""
