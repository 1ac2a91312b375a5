"""Settings: defaults, misspelt names refused, secrets never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.settings import BadSetting, Settings, read_settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = read_settings(None)
    assert settings.database_url == "sqlite:///data/dianban.db"
    assert settings.vector_url == "data/vectors"
    assert settings.LLM_MODEL == ""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("OPENAI_BASEURL", "OPENAI_BASE_URL"),
        ("LLM_MODLE", "LLM_MODEL"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("EMBEDING_MODEL", "EMBEDDING_MODEL"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_right_one(
    name: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{name}=x\n")
    with pytest.raises(BadSetting, match=meant):
        read_settings(file)
    if name.startswith("EMBEDING"):
        return  # an unknown prefix in the environment may belong to another program
    monkeypatch.setenv(name, "x")
    with pytest.raises(BadSetting, match=meant):
        read_settings(None)


def test_other_programs_variables_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    monkeypatch.setenv("DATA_CENTER_REGION_NAME", "x")
    read_settings(None)


@pytest.mark.parametrize(("name", "value"), [("PORT", "eighty"), ("PORT", "70000"), ("LOG_FORMAT", "xml")])
def test_a_bad_value_names_the_setting(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=name):
        read_settings(None)


def test_a_model_without_an_endpoint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_MODEL", "qwen")
    with pytest.raises(BadSetting, match="OPENAI_BASE_URL"):
        read_settings(None)


def test_secrets_are_never_shown_and_the_signing_key_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "d"))
    settings = read_settings(None)
    assert "very-secret" not in str(settings.shown()) + repr(settings)
    assert settings.secret() == read_settings(None).secret()
    assert (tmp_path / "d" / "secret_key").stat().st_mode & 0o077 == 0
