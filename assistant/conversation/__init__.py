"""What happened: an append-only log of events, and the folds that say what is true now."""
