"""What can be done about data: rows dropped with the reason, and splits that do not leak."""
