"""The rulebook: a folder per topic, one YAML file per rule."""
