"""`make bench`: offline answers over WebSocket, 1 and 50 shoppers, 200 and 20,000 entries, beside a plain chain.

Server and shoppers run in processes of their own, each on its own core where there are two. Prints one markdown table.
`python -m tests.bench shops`: thousands of shops in one process (`tests/bench/shops.py`).
`python -m tests.bench table FOLDER… --demo`: how well the right entry is found (`tests/bench/table.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.bench import corpus, load, shops

SIZES = (200, 20_000)
SHOPPERS = (1, 50)


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port: int = asking.getsockname()[1]
        return port


@contextmanager
def _server(command: list[str], port: int, env: dict[str, str]) -> Iterator[tuple[psutil.Process, float]]:
    """A server process and the seconds until it accepted a connection."""
    began = time.perf_counter()
    running = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process = psutil.Process(running.pid)
        if (os.cpu_count() or 1) > 1:
            process.cpu_affinity([0])
        while True:
            if running.poll() is not None:
                raise SystemExit(f"{command[2]} 没有启动起来，退出码 {running.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.02)
        yield process, time.perf_counter() - began
    finally:
        running.terminate()
        running.wait(20)


def _measure(kind: str, size: int, answers: int, folder: Path) -> Iterator[dict[str, object]]:
    rows = corpus.rows(size)
    table = corpus.write(rows, folder / f"{size}.csv")
    env = os.environ | {"DATA_DIR": str(folder / f"{kind}{size}"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    port = _free_port()
    if kind == "ours":
        subprocess.run(
            [sys.executable, "-m", "knowledge", "import", "--shop", "bench", str(table)],
            env=env,
            check=True,
            capture_output=True,
        )
        command = [sys.executable, "-m", "assistant", "serve", "--port", str(port)]
    else:
        command = [sys.executable, "-m", "tests.bench.peer", str(table), str(port), str(folder / f"chroma{size}")]
    with _server(command, port, env) as (process, ready):
        for shoppers in SHOPPERS:
            questions = corpus.asked(rows, answers if shoppers > 1 else max(answers // 5, 50))
            address = f"127.0.0.1:{port}"
            for warm_up in (True, False):
                asked = questions[: shoppers * 2] if warm_up else questions
                before = sum(process.cpu_times()[:2])
                ours = kind == "ours"
                run = load.ours(address, "bench", asked, shoppers) if ours else load.peer(address, asked, shoppers)
                seen = asyncio.run(run)
                spent = sum(process.cpu_times()[:2]) - before
            yield {
                "who": kind,
                "entries": size,
                "shoppers": shoppers,
                **seen.row(),
                "cpu_ms": round(1000 * spent / len(seen.last), 2),
                "ready_s": round(ready, 2),
                "rss_mb": process.memory_info().rss // 2**20,
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("chain", "shops", "table"), default="chain", help="what to measure")
    parser.add_argument("folders", nargs="*", type=Path, help="table: folders with kb.jsonl and queries.jsonl")
    parser.add_argument("--demo", action="store_true", help="table: the demo shop and the eval cases, too")
    parser.add_argument("--shops", type=int, default=5000)
    parser.add_argument("--entries", type=int, default=100, help="entries of each of the shops")
    parser.add_argument("--answers", type=int, default=3000, help="answers per measurement at 50 shoppers")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.what == "table":
        from tests.bench import table as retrieval

        return retrieval.main(args.folders, demo=args.demo)
    if args.what == "shops":
        return shops.main(args.shops, args.entries, args.answers)
    if (os.cpu_count() or 1) > 1:
        psutil.Process().cpu_affinity([1])
    table: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in args.sizes:
            for kind in ("ours", "peer"):
                for row in _measure(kind, size, args.answers, Path(folder)):
                    print(row, file=sys.stderr)
                    table.append(row)
    if args.json:
        print(json.dumps(table))
        return
    print("| | " + " | ".join(str(k) for k in table[0] if k != "who") + " |")
    print("|---|" + "---|" * (len(table[0]) - 1))
    for row in table:
        print(f"| {row['who']} | " + " | ".join(str(v) for k, v in row.items() if k != "who") + " |")
    for size in args.sizes:
        rate = {r["who"]: float(str(r["answers_s"])) for r in table if r["entries"] == size and r["shoppers"] == 50}
        print(
            f"\n{size} entries, 50 shoppers: {rate['ours'] / rate['peer']:.1f} x the plain chain's answers per second"
        )


if __name__ == "__main__":
    main()
