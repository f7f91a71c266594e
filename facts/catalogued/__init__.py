"""Dated data files and their lookup."""
