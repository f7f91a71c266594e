"""Generators of templated and grammar-made rows in groups written apart, and prompt wrappers."""
