"""The plan for the data: what to mend first, and what that would change."""
