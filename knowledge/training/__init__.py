"""Trains the embedding model that ships with the product: `python -m knowledge.training`."""
