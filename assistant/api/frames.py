"""What goes over the shopper's socket, as the contract promises it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from assistant.conversation.bus import Typing
from assistant.conversation.store import Entry
from assistant.errors import HouseError

FRAME_BYTES = 16 * 1024
TEXT_CHARS = 2000

_Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
_Name = Annotated[str, StringConstraints(max_length=64)]


class _Frame(BaseModel):
    # Unknown fields are let pass: an older server must bear a newer widget.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Page(_Frame):
    """Where in the shop the shopper stands."""

    product: _Name | None = None
    order: _Name | None = None


class Hello(_Frame):
    type: Literal["hello"]
    token: Annotated[str, StringConstraints(max_length=128)] | None = None
    after: Annotated[int, Field(ge=0, lt=2**53)] = 0
    page: Page | None = None
    identity: Annotated[str, StringConstraints(max_length=1024)] | None = None
    """Who the shopper is, signed by the merchant's server (`service/identity.py`)."""


class Say(_Frame):
    type: Literal["say"]
    client_id: _Id
    text: str


class CallPerson(_Frame):
    type: Literal["call_person"]


class Rate(_Frame):
    type: Literal["rate"]
    stars: Annotated[int, Field(ge=1, le=5)]
    note: Annotated[str, StringConstraints(max_length=TEXT_CHARS)] = ""


class Orders(_Frame):
    """Show me my orders."""

    type: Literal["orders"]


class Pick(_Frame):
    """I mean this order of mine."""

    type: Literal["pick_order"]
    number: _Name


class IsTyping(_Frame):
    type: Literal["typing"]


class Feedback(_Frame):
    type: Literal["feedback"]
    seq: Annotated[int, Field(ge=1, lt=2**53)]
    helpful: bool


Frame = Annotated[Hello | Say | CallPerson | Rate | IsTyping | Feedback | Orders | Pick, Field(discriminator="type")]
_FRAME: TypeAdapter[Frame] = TypeAdapter(Frame)


class Refused(HouseError):
    """A frame we answer with an `error` frame."""

    retry_after: ClassVar[float | None] = None


class NotText(Refused):
    code = "not_text"
    says = "这里只收文本帧（JSON）；二进制帧没有处理"


class TooBig(Refused):
    code = "too_big"
    says = "这一帧超过 16 KB，没有处理；请把内容分成几条发送"


class Malformed(Refused):
    code = "malformed"
    says = "这一帧不是合法的 JSON 对象，没有处理"


class UnknownType(Refused):
    code = "unknown_type"
    says = "不认识的帧类型；可用：hello、say、call_person、rate、typing、feedback、orders、pick_order"


class BadField(Refused):
    code = "bad_field"
    says = "字段 {field} 缺失或不合规定，没有处理"


class EmptyText(Refused):
    code = "empty_text"
    says = "消息是空的，没有发送"


class TooLong(Refused):
    code = "too_long"
    says = "一条消息最多 2000 字；请分成几条发送"


class HelloFirst(Refused):
    code = "hello_first"
    says = "第一帧须是 hello；请先打招呼再发送"


class AlreadyOpen(Refused):
    code = "already_open"
    says = "这个连接已经打过招呼；换会话请另开连接"


class BadToken(Refused):
    code = "bad_token"
    says = "会话凭证无效或会话已删除；要开始新会话，请用 token=null 再次 hello"


def read_frame(text: str) -> Frame:
    """The frame in `text`. Raises a `Refused` that says what is wrong with it."""
    if len(text) > FRAME_BYTES or len(text.encode("utf-8", "surrogatepass")) > FRAME_BYTES:
        raise TooBig
    try:
        return _FRAME.validate_json(text)
    except ValidationError as bad:
        first = bad.errors(include_url=False, include_context=False, include_input=False)[0]
    except UnicodeEncodeError:
        raise Malformed from None
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        raise UnknownType
    if first["type"] in ("json_invalid", "model_attributes_type") or len(first["loc"]) < 2:
        raise Malformed
    raise BadField(field=".".join(str(step) for step in first["loc"][1:]))


def said(text: str) -> str:
    """What the shopper typed, without what cannot be seen. Raises `EmptyText`, `TooLong`."""
    if not text.isprintable():  # the usual message is, and is done
        text = "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    text = text.strip()
    if not text:
        raise EmptyText
    if len(text) > TEXT_CHARS:
        raise TooLong
    return text


def _json(**frame: Any) -> str:
    return orjson.dumps(frame).decode()


def welcome(*, talk: str, token: str, last: int, held_by: str, resumed: bool) -> str:
    return _json(type="welcome", talk=talk, token=token, last=last, held_by=held_by, resumed=resumed)


def ack(client_id: str, seq: int | None) -> str:
    return _json(type="ack", client_id=client_id, seq=seq)


def typing(by: Typing) -> str:
    return _json(type="typing", by=by.by)


def error(why: HouseError, *, client_id: str | None = None, retry_after: float | None = None) -> str:
    frame: dict[str, Any] = {"type": "error", "code": why.code, "message": str(why)}
    if retry_after is not None:
        frame["retry_after"] = retry_after
    if client_id is not None:
        frame["client_id"] = client_id
    return orjson.dumps(frame).decode()


def event(entry: Entry) -> str:
    """The event as the shopper sees it; its JSON goes out as it is stored."""
    body = entry.body
    if entry.kind == "resolved":
        body = entry.event.model_copy(update={"summary": ""}).model_dump_json()  # the summary is for colleagues
    return f'{{"type":"event","seq":{entry.shopper_seq},"at":"{entry.at}","event":{body}}}'


def orders(found: Sequence[Mapping[str, Any]]) -> str:
    """The shopper's orders, as far as a card shows them."""
    shown = [
        {
            "number": str(order.get("number", "")),
            "state": str(order.get("state", "")),
            "ordered_at": str(order.get("ordered_at", "")),
            "titles": [str(line.get("title", "")) for line in order.get("lines", ())][:3],
            "count": len(order.get("lines", ())),
        }
        for order in found
    ]
    return orjson.dumps({"type": "orders", "orders": shown}).decode()


def picked(number: str) -> str:
    """The order now spoken of."""
    return orjson.dumps({"type": "picked", "number": number}).decode()
