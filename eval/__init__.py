"""Does it answer well, and still today?"""
