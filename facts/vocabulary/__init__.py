"""The fact templates: the dictionary of the whole system."""
