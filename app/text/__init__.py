"""Text on its way in and out: made visible, made inert, matched. Pure."""
