"""One module and one key map per trainer."""
