"""What can be wrong with a merchant's file or a request, in one line: the thing, the cause, the next step."""

from __future__ import annotations

from typing import ClassVar


class KnowledgeError(Exception):
    """Base of every error of this package that is raised on purpose. `says` is filled from the keyword arguments."""

    says: ClassVar[str] = "{what}"

    def __init__(self, **about: object) -> None:
        self.about = about
        super().__init__(self.says.format(**about))


class Unreadable(KnowledgeError):
    """A file that cannot become knowledge. `why` gives the cause and what to do about it."""

    says = "{file}：{why}"


class NoSuchShop(KnowledgeError):
    says = "没有店铺 {shop!r} 的知识；请先用 python -m knowledge import --shop {shop} 导入，或检查店铺名"


class NoSuchVersion(KnowledgeError):
    says = "店铺 {shop!r} 没有第 {version} 版知识；现有版本：{known}"


class BadShopName(KnowledgeError):
    says = "店铺名 {shop!r} 不能用；请用 1 到 64 个字母、数字、汉字、下划线、点或连字符"


class BadMapping(KnowledgeError):
    says = "--map {given!r} 无法识别：{why}"
