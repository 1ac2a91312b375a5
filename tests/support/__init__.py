"""Real parts that tests share: a server on a free port, a shopper with a socket, an honest answerer."""
