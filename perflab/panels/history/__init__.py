"""What a user has tried on a panel: a list of settings with their numbers, undo and redo."""
