"""What each kind of user can do: shopper, agent, merchant."""
