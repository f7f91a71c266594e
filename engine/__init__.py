"""From facts to explained conclusions; knows nothing of transformers."""
