"""Names of tags, platforms and categories: one spelling inside, the Chinese ones accepted. The lists are data."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def data(name: str) -> Any:
    """One of the engine's own data files, e.g. `data("names")`."""
    return yaml.safe_load((files("assistant.policy") / "data" / f"{name}.yaml").read_text(encoding="utf-8"))


def _spellings(kind: str) -> dict[str, str]:
    known = {}
    for name, others in data("names")[kind].items():
        for spelling in (name, *others):
            known[spelling] = name
    return known


_TAGS = _spellings("tags")
_PLATFORMS = _spellings("platforms")
_CATEGORIES = _spellings("categories")


def tag_name(said: str) -> str:
    """The engine's name of a tag. Raises `ValueError` on a tag nobody declared: an ignored tag would be a wrong yes."""
    if said in _TAGS:
        return _TAGS[said]
    if said.startswith("x:"):
        return said
    raise ValueError(f"引擎不认识标签 {said!r}；认识的有 {'、'.join(data('names')['tags'])}，店铺自己的标签以 x: 开头")


def platform_name(said: str) -> str:
    """The engine's name of a platform; one it has never heard of stays as it is."""
    return _PLATFORMS.get(said, said.lower())


def category_name(said: str) -> str:
    """The engine's name of a category; one it has never heard of stays as it is and meets only general rules."""
    return _CATEGORIES.get(said.strip(), said.strip())
