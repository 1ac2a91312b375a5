"""店伴: answers shoppers from the shop's own files, and calls a person when it should."""
