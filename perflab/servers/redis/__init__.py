"""Redis: the embedded server or the user's own, and the room that a run takes on it."""
