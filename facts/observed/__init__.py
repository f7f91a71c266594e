"""The machine, as observed."""
