"""`python -m knowledge.training`: from text to the model that ships, one seed, about a minute on one core."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from knowledge.embedding import MODEL, ShippedEmbedding
from knowledge.training import corpus as text
from knowledge.training.calibrate import curves
from knowledge.training.store import store_curves

HELD_OUT = 4
"""Every so manieth intent and answer is kept from the model that confidence is fitted with."""


def main(argv: Sequence[str] | None = None) -> int:
    """Train and write; 0 when the model is written, 2 when there is nothing to learn from."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.training", description="训练随产品发布的向量模型。")
    parser.add_argument("--data", type=Path, help="开发数据文件夹（只读其中许可允许的文件）")
    parser.add_argument(
        "--variant", choices=("clean", "research"), default="clean", help="clean：自写语料与宽松许可文本"
    )
    parser.add_argument("--out", type=Path, default=MODEL, help="写到哪个文件夹（默认覆盖随产品发布的模型）")
    parser.add_argument("--size", type=int, default=20_000, help="词表大小")
    parser.add_argument("--dim", type=int, default=256, help="向量维数")
    parser.add_argument("--steps", type=int, default=140, help="微调步数")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    if options.data is not None and not options.data.is_dir():
        print(f"没有这个文件夹：{options.data}。请检查 --data。", file=sys.stderr)
        return 2
    try:
        from knowledge.training.make import make
        from knowledge.training.tune import Recipe
    except ImportError:
        print("训练需要 torch 和 scikit-learn，但没有安装。请执行 pip install 'dianban[models]'。", file=sys.stderr)
        return 2
    began = time.perf_counter()

    def say(what: str) -> None:
        print(f"[{time.perf_counter() - began:5.1f} s] {what}", file=sys.stderr)

    corpus = text.read(options.data, options.variant, seed=options.seed)
    if len(corpus.sentences) < 1000:
        print("语料不足 1000 句，训练不出可用的模型。请检查 knowledge/training/text 和 --data。", file=sys.stderr)
        return 2
    for source, count in corpus.sources.items():
        say(f"{source}: {count}")
    recipe = Recipe(steps=options.steps)
    sizes = {"size": options.size, "dim": options.dim, "seed": options.seed}
    with TemporaryDirectory() as folder:
        make(corpus.without(HELD_OUT), Path(folder), recipe, **sizes)
        say("a model that has not seen every intent, for confidence")
        found = curves(
            ShippedEmbedding(Path(folder)),
            corpus.intents,
            corpus.answers,
            every=HELD_OUT,
            seed=options.seed,
        )
    make(corpus, options.out, recipe, **sizes)
    store_curves(options.out, found)
    say(f"written to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
