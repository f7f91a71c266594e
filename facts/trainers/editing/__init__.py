"""Single settings of a config changed in its text, all else left byte for byte as it was."""
