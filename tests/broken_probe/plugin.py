"""A plugin that raises on import."""

plugin = 1 / 0
