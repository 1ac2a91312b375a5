"""What a browser loads: the widget a shop embeds and the words it shows; and the demo shop's pages around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter, Request, Response

from assistant.api import storefront
from assistant.api.assets import GET, Asset, found, into, script_of
from prompts import words

router = APIRouter(include_in_schema=False)

_EMBEDDED = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""The widget is loaded by shop pages on other origins, and holds nothing private."""
_OURS = ("version", "topics", "traditional")
"""What of `widget.yaml` is for the server."""


@router.api_route("/widget.js", methods=GET)
async def loader(request: Request) -> Response:
    """What the script tag of a shop's page names."""
    return found("widget.js", request, _EMBEDDED)


@router.api_route("/widget/words.json", methods=GET)
async def spoken(request: Request, lang: str = "zh-CN") -> Response:
    """The widget's words for a page in `lang` (BCP 47)."""
    return _words(script_of(lang)).answer(request, _EMBEDDED)


@router.api_route("/widget/{name}", methods=GET)
async def part(request: Request, name: str) -> Response:
    """One module or the style sheet of the widget."""
    return Response(status_code=404) if name.startswith("storefront") else found(name, request, _EMBEDDED)


router.include_router(storefront.router)


@cache
def _words(script: str) -> Asset:
    table = {key: text for key, text in words("widget").items() if key not in _OURS}
    told = json.loads(into(script)(json.dumps(table, ensure_ascii=False)))
    told = _merged(told, words("widget")["traditional"].get(script, {}))
    return Asset.of(json.dumps(told, ensure_ascii=False), ".json")


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`under` with the leaves of `over` in their places."""
    return {
        **under,
        **{
            key: _merged(under.get(key, {}), value) if isinstance(value, Mapping) else value
            for key, value in over.items()
        },
    }
