"""Files in, passages out. Knows nothing of conversations."""

import os

# One shop's search is a burst of well under a millisecond; a second linear-algebra thread only waits for the first
# (measured: p99 twenty times worse on two busy cores). Set before numpy is loaded, and only where nobody else chose.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
