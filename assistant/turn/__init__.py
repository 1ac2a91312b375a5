"""How one shopper message is answered; each stage is a plain function."""
