"""What an audit of many configs needs: which files, which rules, what is waived, what is new."""
