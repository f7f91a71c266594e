"""The documents that commands write."""
