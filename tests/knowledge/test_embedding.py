"""The shipped model, foreign models, and a model behind an endpoint: one interface, honest when away."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.embedding import (
    MODEL,
    ApiEmbedding,
    EmbeddingAway,
    EmbeddingUnusable,
    ShippedEmbedding,
    open_embedding,
)
from knowledge.index import ShopIndex
from knowledge.types import Passage

TEXTS = [
    *("退货运费谁出？", "啥時候發貨呀", "XL码 175.5cm 能穿吗", "  ", "？？", "😀", "a", "退", "𠮷野家", "能退吗" * 200),
    *(f"第{n}件半价吗，拍{n}件{n * 7}元" for n in range(30)),
]


@pytest.fixture(scope="module")
def shipped() -> ShippedEmbedding:
    return ShippedEmbedding()


def test_vectors_have_length_one_or_nothing_to_say(shipped: ShippedEmbedding) -> None:
    rows = shipped.encode_queries(TEXTS)
    assert (rows.shape, rows.dtype) == ((len(TEXTS), shipped.dim), np.float32)
    lengths = np.linalg.norm(rows, axis=1)
    empty = np.array([not text.strip(" ？😀") for text in TEXTS])
    assert lengths[~empty] == pytest.approx(1, abs=1e-5)
    assert not rows[empty].any()
    assert shipped.encode_passages([]).shape == (0, shipped.dim)


def test_a_text_has_one_vector_whatever_stands_beside_it(shipped: ShippedEmbedding) -> None:
    together = shipped.encode_passages(TEXTS * 8)
    for at, text in enumerate(TEXTS):
        assert together[at] == pytest.approx(shipped.encode_queries([text])[0], abs=1e-5)


@pytest.mark.parametrize(
    ("one", "other", "further"),
    [
        ("退货运费谁出", "退回去的邮费算谁的", "多久能发货"),
        ("什么时候发货", "几时寄出啊", "可以开发票吗"),
        ("這件會掉色嗎", "洗了褪色不", "能便宜点吗"),
    ],
)
def test_what_means_the_same_is_nearer(shipped: ShippedEmbedding, one: str, other: str, further: str) -> None:
    a, b, c = shipped.encode_queries([one, other, further])
    assert a @ b > a @ c + 0.1


def test_traditional_and_simplified_are_one(shipped: ShippedEmbedding) -> None:
    simple, traditional = shipped.encode_queries(["这件衣服什么时候发货", "這件衣服什麼時候發貨"])
    assert simple == pytest.approx(traditional, abs=1e-6)


def test_novelty_tells_a_foreign_shop_from_a_familiar_one(shipped: ShippedEmbedding) -> None:
    familiar = shipped.novelty(["怎么退货", "什么时候发货", "可以开发票吗"])
    foreign = shipped.novelty(["蛋白质折叠的自由能景观", "拓扑绝缘体的边缘态"])
    assert familiar < 0.2 < 0.6 < foreign
    assert shipped.novelty([]) == 0.0


def test_the_model_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in MODEL.iterdir()) <= 20 * 2**20


def test_the_default_path_imports_no_torch_and_stays_small() -> None:
    code = (
        "import sys\n"
        "from knowledge.embedding import open_embedding\n"
        "from knowledge.search import HybridRetriever, ShopIndex\n"
        "from knowledge.types import Passage\n"
        "shop = [Passage(str(n), 'faq', '可以。', 's', f'能不能{n}') for n in range(200)]\n"
        "print(HybridRetriever(index=ShopIndex.build(shop, open_embedding(None))).search('能不能')[0].passage.text)\n"
        "print(sorted(m for m in ('torch', 'sentence_transformers', 'chromadb', 'sklearn') if m in sys.modules))\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    answer, heavy, kibibytes = ran.stdout.split("\n")[:3]
    assert (answer, heavy) == ("可以。", "[]")
    assert int(kibibytes) <= 250 * 1024


def test_the_numpy_path_equals_sentence_transformers(shipped: ShippedEmbedding) -> None:
    pytest.importorskip("sentence_transformers")
    from knowledge.training.transformer import sentence_transformer

    theirs = sentence_transformer().encode(TEXTS)
    assert np.abs(theirs - shipped.encode_queries(TEXTS)).max() < 1e-5
    assert np.abs(theirs).sum() > 1


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random transformer in a folder, as a merchant's own model would lie there; it defines a query prompt."""
    pytest.importorskip("sentence_transformers")
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"退货运费谁出多久发查："]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder / "raw")
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), **sizes)).save_pretrained(folder / "raw")
    whole = Transformer(str(folder / "raw"))
    model = SentenceTransformer(modules=[whole, Pooling(32)], prompts={"query": "查：", "document": ""})
    model.save(str(folder / "model"))
    return folder / "model"


def test_a_folder_of_a_foreign_model_is_used_with_its_prompts(bert: Path) -> None:
    model = open_embedding(str(bert))
    asked, stored = model.encode_queries(["退货运费谁出"]), model.encode_passages(["退货运费谁出"])
    assert np.linalg.norm(asked, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(asked - stored).max() > 1e-3, "the query prompt was not used"
    assert model.dim == 32
    assert not model.instant
    assert model.fingerprint == open_embedding(str(bert)).fingerprint != ShippedEmbedding().fingerprint


def test_the_shipped_model_is_read_from_any_folder_or_refused(tmp_path: Path) -> None:
    for path in MODEL.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert ShippedEmbedding(tmp_path).fingerprint == ShippedEmbedding().fingerprint
    (tmp_path / "vocabulary.txt").write_text("退\n货", encoding="utf-8")
    with pytest.raises(EmbeddingUnusable, match="不完整"):
        ShippedEmbedding(tmp_path)
    (tmp_path / "rows.npy").unlink()
    with pytest.raises(EmbeddingUnusable, match="读不出来"):
        ShippedEmbedding(tmp_path)


@pytest.mark.parametrize("name", ["/no/such/model", "openai:"])
def test_a_wrong_name_is_one_clear_line(name: str) -> None:
    with pytest.raises(EmbeddingUnusable, match="EMBEDDING_MODEL") as refused:
        open_embedding(name)
    assert "\n" not in str(refused.value)


class Endpoint(ThreadingHTTPServer):
    """An OpenAI-compatible embeddings endpoint over the shipped model that can misbehave."""

    fault: str = ""
    asked: list[list[str]]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    model = ShippedEmbedding()

    class Handler(BaseHTTPRequestHandler):
        server: Endpoint

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.asked.append(body["input"])
            rows = model.encode_queries(body["input"]).tolist()
            if self.server.fault == "short":
                rows = rows[:-1]
            if self.server.fault == "narrow":
                rows = [row[:8] for row in rows]
            data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
            document: Any = {"object": "list", "data": data, "model": body["model"], "usage": {}}
            sent = b"<html>" if self.server.fault == "rubbish" else json.dumps(document).encode()
            self.send_response(429 if self.server.fault == "busy" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None: ...

    server = Endpoint(("127.0.0.1", 0), Handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def api(endpoint: Endpoint) -> ApiEmbedding:
    model = open_embedding("openai:any", base_url=f"http://127.0.0.1:{endpoint.server_address[1]}/v1", api_key="k")
    assert isinstance(model, ApiEmbedding)
    return model


def test_an_endpoint_is_asked_in_plain_text_and_in_batches(endpoint: Endpoint) -> None:
    model = api(endpoint)
    texts = [f"第{n}个问题" for n in range(150)]
    assert model.encode_passages(texts) == pytest.approx(ShippedEmbedding().encode_passages(texts), abs=1e-5)
    assert [text for batch in endpoint.asked for text in batch] == texts
    assert max(map(len, endpoint.asked)) <= 64
    assert model.dim == 256
    assert model.encode_passages([]).shape == (0, 256)


@pytest.mark.parametrize("fault", ["rubbish", "short", "narrow", "busy"])
def test_a_misbehaving_endpoint_is_away_and_words_answer(endpoint: Endpoint, fault: str) -> None:
    model = api(endpoint)
    model.encode_queries(["先好好的"])
    endpoint.fault = fault
    with pytest.raises(EmbeddingAway, match="openai:any"):
        model.encode_queries(["退货", "发货"])
    index = ShopIndex.build([Passage("a", "faq", "七天内可以。", "faq.csv#1", "能退货吗")], model)
    assert index.degraded
    assert index.search("能不能退货")[0].passage.id == "a"


def test_a_closed_endpoint_is_away(endpoint: Endpoint) -> None:
    model = api(endpoint)
    endpoint.shutdown()
    endpoint.server_close()
    with pytest.raises(EmbeddingAway, match="openai:any"):
        model.encode_queries(["退货"])
