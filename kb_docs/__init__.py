"""The knowledge base: one chapter per topic, and the sources."""
