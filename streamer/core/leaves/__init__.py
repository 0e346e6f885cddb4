"""The leaves: a module for each, with its spec as declared, its cell and its answer."""
