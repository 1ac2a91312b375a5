"""Faults at full size, as commands that print a table; small runs of them are tests."""
