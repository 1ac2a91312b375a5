"""The demo shop 暖屿生活: its own files, catalogue and orders, for newcomers, docs, tests and evaluation alike."""
