"""The data: readers, row formats, and one module per measure."""
