"""One file a command: `register` says what it takes, the handler does it and gives the exit code."""
