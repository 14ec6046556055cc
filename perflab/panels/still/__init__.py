"""A picture of a panel that stays in its notebook when there is no kernel."""
