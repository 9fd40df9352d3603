"""Connectors: each talks to one system and knows nothing of the others."""
