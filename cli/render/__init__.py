"""How a case is shown: console, JSON."""
