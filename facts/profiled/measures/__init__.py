"""One module per measure: a summary that is updated by blocks of rows, merges, and has a result.

Whatever the order of rows, blocks, chunks or processes, the result is the same.
"""
