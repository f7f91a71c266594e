"""The thin front end: gather facts, consult, render."""
