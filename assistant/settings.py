"""One frozen `Settings` from the environment and `.env`; a misspelt name is refused with the right one."""

from __future__ import annotations

import difflib
import os
import secrets
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import HouseError


class BadSetting(HouseError):
    """A setting is misspelt or has a value we cannot use."""

    says = "设置 {name}：{why}。{fix}。"


class Settings(BaseSettings):
    """Everything that can be set. `python -m assistant doctor` lists it with secrets hidden."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore")

    OPENAI_API_KEY: SecretStr = Field(SecretStr(""), description="模型服务的密钥；本机的 vLLM、Ollama 等可以不填")
    OPENAI_BASE_URL: str = Field("", description="任何 OpenAI 兼容的地址，例如 http://127.0.0.1:8001/v1")
    LLM_MODEL: str = Field("", description="对话模型名；留空就用离线引擎")
    EMBEDDING_MODEL: str = Field(
        "", description="留空用自带的小模型；或 sentence-transformers 名称/文件夹；或 openai:名称"
    )
    RERANK_MODEL: str = Field("", description="CrossEncoder 名称/文件夹；留空不重排")
    DATA_DIR: Path = Field(Path("data"), description="数据文件夹")
    DATABASE_URL: str = Field("", description="留空用 DATA_DIR 里的 SQLite；或 postgresql://…")
    BUS_URL: str = Field("memory://", description="memory:// 或 redis://…")
    VECTOR_URL: str = Field("", description="留空用 DATA_DIR 里的 Chroma 文件夹；或 http://… 的 Chroma 服务")
    HOST: str = Field("127.0.0.1", description="监听地址")
    PORT: int = Field(8000, ge=1, le=65535, description="监听端口")
    SECRET_KEY: SecretStr = Field(SecretStr(""), description="签发令牌的密钥；留空则在 DATA_DIR 里生成一个")
    ORDERS_URL: str = Field(
        "", description="订单在哪：留空没有（演示店自带），table 用数据库表 shop_orders，或店铺接口 https://…"
    )
    ORDERS_SECRET: SecretStr = Field(SecretStr(""), description="查订单请求的签名密钥（ORDERS_URL 是接口时）")
    IDENTITY_SECRET: SecretStr = Field(SecretStr(""), description="店铺网页签发访客身份的密钥；留空不认任何身份")
    SMTP_URL: SecretStr = Field(
        SecretStr(""), description="没人接入、承诺过期时发邮件：smtp://用户:密码@主机:端口（或 smtps://）；留空不发"
    )
    LOG_FORMAT: Literal["text", "json"] = Field("text", description="日志格式")

    @model_validator(mode="after")
    def _key_needs_no_blank(self) -> Settings:
        if self.LLM_MODEL and not (self.OPENAI_BASE_URL or self.OPENAI_API_KEY.get_secret_value()):
            raise ValueError("LLM_MODEL 已设置，但没有 OPENAI_BASE_URL 也没有 OPENAI_API_KEY")
        if self.ORDERS_URL not in ("", "table") and not self.ORDERS_URL.startswith(("http://", "https://")):
            raise ValueError("ORDERS_URL 写 table，或以 http:// https:// 开头的接口地址")
        if self.ORDERS_URL.startswith("http") and not self.ORDERS_SECRET.get_secret_value():
            raise ValueError("ORDERS_URL 是接口时要设置 ORDERS_SECRET，请求要签名")
        return self

    @property
    def shops_home(self) -> Path:
        """Where merchants' shop folders lie (`python -m assistant shop new`)."""
        return self.DATA_DIR / "merchants"

    @property
    def database_url(self) -> str:
        """Where the log and the catalogue live."""
        return self.DATABASE_URL or f"sqlite:///{self.DATA_DIR / 'dianban.db'}"

    @property
    def vector_url(self) -> str:
        """Where Chroma lives: a folder path or an http address."""
        return self.VECTOR_URL or str(self.DATA_DIR / "vectors")

    def secret(self) -> str:
        """The signing key: the one set, or one made once and kept in `DATA_DIR`, readable by its owner alone."""
        if key := self.SECRET_KEY.get_secret_value():
            return key
        kept = self.DATA_DIR / "secret_key"
        if not kept.exists():
            self.DATA_DIR.mkdir(parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_urlsafe(32))
            except FileExistsError:
                pass  # another process was quicker; its key is as good
        return kept.read_text()

    def shown(self) -> dict[str, Any]:
        """Name → value for people; secrets only say whether they are set."""

        def plain(value: Any) -> Any:
            if isinstance(value, SecretStr):
                return "（已设置）" if value.get_secret_value() else ""
            return str(value) if isinstance(value, Path) else value

        return {name: plain(getattr(self, name)) for name in type(self).model_fields}


_OURS = (
    "OPENAI_",
    "LLM_",
    "EMBEDDING_",
    "RERANK_",
    "DATA_",
    "DATABASE_",
    "BUS_",
    "VECTOR_",
    "SECRET_",
    "LOG_",
    "ORDERS_",
    "IDENTITY_",
    "SMTP_",
)
"""Names that begin like ours and are not ours are misspelt; others' names are none of our business."""
_OTHERS = frozenset({"OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT", "OPENAI_PROJECT_ID", "LOG_LEVEL"})


def read_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Settings from the environment and `env_file`. Raises `BadSetting` with the name, the cause and the fix."""
    known = list(Settings.model_fields)
    in_file = list(dotenv_values(env_file)) if env_file and env_file.exists() else []
    suspects = [name for name in os.environ if name.upper().startswith(_OURS) and name not in _OTHERS]
    for name in [*in_file, *suspects]:
        if name.upper() in known:
            continue
        close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.75)
        if close:
            raise BadSetting(name=name, why="没有这个设置名", fix=f"是不是想写 {close[0]}")
        if name in in_file:
            raise BadSetting(name=name, why=".env 里有不认识的设置名", fix=f"可用的名字：{', '.join(known)}")
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as bad:
        first = bad.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "LLM_MODEL"
        about = Settings.model_fields[name].description if name in Settings.model_fields else ""
        why = str(first["msg"]).removeprefix("Value error, ")
        raise BadSetting(name=name, why=why, fix=f"说明：{about}") from None
