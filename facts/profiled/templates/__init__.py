"""Template detection on a sample: wrapper text, recurring skeletons, and closed grammars."""
