"""What `/metrics` shows."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("dianban_messages_total", "Shopper messages stored", ["shop"])
RESENT = Counter("dianban_messages_resent_total", "Shopper messages that had been stored before", ["shop"])
TURNS = Counter("dianban_turns_total", "Turns ended, by how", ["end"])
TURN_SECONDS = Histogram(
    "dianban_turn_seconds",
    "From the stored question to the stored answer",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
HANDED_OVER = Counter("dianban_handed_over_total", "Conversations handed to a person, by reason", ["reason"])
SOCKETS = Gauge("dianban_sockets", "Open shopper connections")
REFUSED = Counter("dianban_frames_refused_total", "Frames answered with an error, by code", ["code"])
DROPPED = Counter("dianban_sockets_dropped_total", "Connections closed because their client did not keep up")
