"""One module per file format behind one detection; every reader streams and survives bad bytes."""
