"""The README tells the truth: its settings, commands, files and pictures exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_every_setting_is_listed_and_none_is_made_up() -> None:
    table = README.split("## 设置")[1].split("##")[0]
    listed = set(re.findall(r"`([A-Z][A-Z_]+)`", table))
    assert listed == set(Settings.model_fields)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:assistant|knowledge|prompts|eval|tests)/[\w./*-]+)`", README)))
)
def test_every_file_named_is_there(path: str) -> None:
    assert list(ROOT.glob(path.rstrip("/"))), path


def test_every_picture_is_there() -> None:
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / picture).is_file(), picture


@pytest.mark.parametrize(
    "command",
    [
        ["assistant", "serve"],
        ["assistant", "demo"],
        ["assistant", "ask"],
        ["assistant", "chat"],
        ["assistant", "policy"],
        ["assistant", "trace"],
        ["assistant", "clock"],
        ["assistant", "doctor"],
        ["knowledge", "import"],
        ["knowledge", "search"],
        ["knowledge", "export"],
        ["knowledge", "lint"],
        ["eval", "run"],
        ["eval", "show"],
        ["eval", "gate"],
        ["eval", "retrieval"],
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", command[0], command[1], "--help"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout
