"""A labelled corpus of our own: synthetic French and Belgian documents, identifiers from our own generators."""
