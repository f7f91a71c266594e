"""What is known about a run: the language of facts, and the ways of coming to know them."""
