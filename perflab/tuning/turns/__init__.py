"""Settings run live in turns, until it is decided which is better or a budget of time is over."""
