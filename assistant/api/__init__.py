"""The doors: HTTP and WebSocket. Every access passes `auth`."""
