"""How fast it answers, beside a plain langchain + Chroma chain: `make bench`."""
