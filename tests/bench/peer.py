"""The chain one would write first: langchain retriever over Chroma, a prompt, a model, behind a WebSocket.

The model is instant and says its whole answer in one piece, which favours this side: a real one would cost the same to
both. The embedding is ours, so that only the plumbing differs. Run: `python -m tests.bench.peer ROWS.csv PORT FOLDER`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from typing import Any

import uvicorn
from chromadb.config import Settings as ChromaSettings
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from langchain_chroma import Chroma
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough

from knowledge.embedding import open_embedding


class Ours(Embeddings):
    """The product's own embedding behind langchain's interface."""

    def __init__(self) -> None:
        self._model = open_embedding(None)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        rows: list[list[float]] = self._model.encode_passages(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        row: list[float] = self._model.encode_queries([text])[0].tolist()
        return row


class Instant(BaseChatModel):
    """Repeats the first passage it is given, at once."""

    @property
    def _llm_type(self) -> str:
        return "instant"

    def _answer(self, messages: list[BaseMessage]) -> str:
        return str(messages[-1].content).partition("资料：")[2].partition("\n")[0]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self._answer(messages)))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(self._answer(messages)))


def _joined(documents: list[Document]) -> str:
    return "\n".join(str(d.metadata["answer"]) for d in documents)


def build(rows: list[tuple[str, str]], folder: str) -> FastAPI:
    """The application over these rows."""
    store = Chroma(
        "bench", Ours(), folder, client_settings=ChromaSettings(anonymized_telemetry=False, is_persistent=True)
    )
    for start in range(0, len(rows), 2000):
        part = rows[start : start + 2000]
        store.add_texts([q for q, _ in part], [{"answer": a} for _, a in part])
    prompt = ChatPromptTemplate.from_messages(
        [("system", "只根据资料回答。"), ("human", "问题：{question}\n资料：{context}\n")]
    )
    chain = (
        {"context": store.as_retriever(search_kwargs={"k": 4}) | _joined, "question": RunnablePassthrough()}
        | prompt
        | Instant()
        | StrOutputParser()
    )
    app = FastAPI()

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                question = await socket.receive_text()
                async for piece in chain.astream(question):
                    await socket.send_json({"type": "part", "text": piece})
                await socket.send_json({"type": "message"})
        except WebSocketDisconnect:
            return

    return app


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        table = [(row["问题"], row["答案"]) for row in csv.DictReader(file)]
    uvicorn.run(build(table, sys.argv[3]), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
