"""A chat model that counts what it spends and can write down, or play back, every reply.

A recording is found by what was asked: the digest of the whole prompt, the model's name and the trial.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import orjson
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

Mode = Literal["count", "record", "replay"]


class NotRecorded(RuntimeError):
    """A prompt has no recording: it, or the knowledge in it, has changed since."""


class WatchedModel(BaseChatModel):
    """Stands in for `inner`. One conversation has one of its own, so that `spent` is that conversation's."""

    inner: BaseChatModel | None = None
    model_name: str = ""
    folder: Path | None = None
    mode: Mode = "count"
    trial: int = 0
    spent: int = 0
    """Tokens so far, as the endpoint counts them."""

    @property
    def _llm_type(self) -> str:
        return "watched"

    def for_trial(self, trial: int) -> WatchedModel:
        """The same model for one conversation of this trial."""
        return self.model_copy(update={"trial": trial, "spent": 0})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("asked asynchronously only")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if self.mode == "replay":
            message = AIMessage("".join(self._recorded(messages)["pieces"]))
        else:
            assert self.inner is not None
            reply = await self.inner.ainvoke(messages, stop=stop, **kwargs)
            message = AIMessage(str(reply.content), usage_metadata=reply.usage_metadata)
            self._keep(messages, [str(reply.content)], self._count(message))
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        pieces: list[str] = []
        if self.mode == "replay":
            for piece in self._recorded(messages)["pieces"]:
                yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
            return
        assert self.inner is not None
        used = 0
        async for chunk in self.inner.astream(messages, stop=stop, **kwargs):
            used += self._count(chunk)
            pieces.append(str(chunk.content))
            yield ChatGenerationChunk(message=AIMessageChunk(content=str(chunk.content)))
        self._keep(messages, pieces, used)

    def _count(self, message: object) -> int:
        used = int((getattr(message, "usage_metadata", None) or {}).get("total_tokens", 0))
        self.spent += used
        return used

    def _place(self, messages: list[BaseMessage]) -> Path:
        asked = orjson.dumps([self.model_name, self.trial, [[m.type, str(m.content)] for m in messages]])
        assert self.folder is not None
        return self.folder / f"{hashlib.sha256(asked).hexdigest()[:24]}.json"

    def _keep(self, messages: list[BaseMessage], pieces: list[str], used: int) -> None:
        if self.mode == "record":
            place = self._place(messages)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(orjson.dumps({"pieces": pieces, "tokens": used}))

    def _recorded(self, messages: list[BaseMessage]) -> dict[str, Any]:
        place = self._place(messages)
        if not place.is_file():
            raise NotRecorded(place.name)
        kept: dict[str, Any] = orjson.loads(place.read_bytes())
        self.spent += int(kept.get("tokens", 0))
        return kept
