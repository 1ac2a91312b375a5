"""A merchant opens a shop of their own: folder, knowledge, staff, and a chat window on their own site."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets

from assistant.merchant.folder import (
    BadShopFile,
    BadShopId,
    NoShopFolder,
    ShopExists,
    new_folder,
    read_about,
    read_goods,
)
from assistant.merchant.staff import BadStaff, StaffBook

ROOT = Path(__file__).parents[2]
FAQ = "问题,答案\n短袖会缩水吗,棉质短袖第一次洗会缩1厘米左右，请用冷水洗。\n发什么快递,默认发中通，两到四天到。\n"


def command(home: Path, *args: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """One command as the merchant runs it, with its own data folder."""
    environment = {**os.environ, "DATA_DIR": str(home)}
    words = [sys.executable, "-m", *args]
    return subprocess.run(words, input=typed, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one shop, as the commands leave it."""
    home = tmp_path_factory.mktemp("own")
    assert command(home, "assistant", "shop", "new", "tee", "--name", "素白: 短袖铺").returncode == 0
    folder = home / "merchants" / "tee"
    about = (folder / "shop.yaml").read_text("utf-8")
    (folder / "shop.yaml").write_text(about.replace("origins: []", 'origins: ["https://tee.example"]'), "utf-8")
    (folder / "goods.yaml").write_text(
        "products:\n"
        "- {sku: T1, title: 圆领短袖, category: 服装, price_fen: 7900, aliases: [短袖], stock: {白色/M: 0}}\n",
        "utf-8",
    )
    faq = home / "faq.csv"
    faq.write_text(FAQ, "utf-8")
    assert command(home, "knowledge", "import", "--shop", "tee", str(faq)).returncode == 0
    told = command(home, "assistant", "staff", "add", "zhou", "--role", "agent", "--shop", "tee", typed="long enough\n")
    assert told.returncode == 0, told.stderr
    return home


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[str]:
    """`serve` as a process; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATA_DIR": str(home), "PORT": str(port)}
    served = subprocess.Popen(
        [sys.executable, "-m", "assistant", "serve"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        assert served.stderr is not None
        said = ""
        while "Ctrl+C" not in said:
            line = served.stderr.readline()
            assert line, said
            said += line
        assert 'data-shop="' in said
        assert "演示" not in said
        base = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                httpx.get(f"{base}/health/live")
                break
            except httpx.ConnectError:
                time.sleep(0.1)  # the address is printed just before it is listened on
        yield base
    finally:
        served.terminate()
        served.wait(30)


def test_the_folder_is_checked_and_counted(home: Path) -> None:
    told = command(home, "assistant", "shop", "check", "tee")
    assert told.returncode == 0
    assert "素白: 短袖铺" in told.stdout
    assert "1 件商品" in told.stdout
    assert "允许 1 个网站" in told.stdout


def test_what_the_merchant_wrote_is_what_shoppers_hear(home: Path) -> None:
    def ask(question: str) -> dict[str, object]:
        done = command(home, "assistant", "ask", "--shop", "tee", question, "--json")
        assert done.returncode == 0, done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    assert "冷水" in str(ask("短袖会缩水吗")["text"])
    assert "没有货" in str(ask("短袖白色M有货吗")["text"])
    assert "素白" in str(ask("你好")["text"])
    verdict = ask("昨天签收的短袖，没穿过吊牌还在，不喜欢能退吗")["verdict"]
    assert isinstance(verdict, dict)
    assert verdict["says"] == "allow", "the law holds without a word from the merchant"


async def test_only_the_sites_named_may_embed_the_window(served: str) -> None:
    address = served.replace("http", "ws") + "/talk/tee"
    async with asyncio.timeout(60):
        async with websockets.connect(address, origin="https://tee.example") as line:
            await line.send(json.dumps({"type": "hello", "token": None, "after": 0}))
            assert json.loads(await line.recv())["type"] == "welcome"
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(address, origin="https://other.example"):
                pass
        assert refused.value.response.status_code == 403
        with pytest.raises(websockets.InvalidStatus) as nowhere:
            async with websockets.connect(
                f"{address}/../%2e%2e".replace("/tee/..", ""), origin="https://other.example"
            ):
                pass
        assert nowhere.value.response.status_code == 403, (
            "an address is no path: only shops that are known are looked up"
        )


async def test_staff_log_in_until_they_are_taken_away(home: Path, served: str) -> None:
    async with httpx.AsyncClient(base_url=served, timeout=60) as door:
        wrong = await door.post("/api/login", json={"name": "zhou", "password": "demo"})
        assert wrong.status_code == 401
        right = await door.post("/api/login", json={"name": "zhou", "password": "long enough"})
        assert right.status_code == 200
        token = {"Authorization": f"Bearer {right.json()['token']}"}
        assert (await door.get("/api/tickets", headers=token, params={"shop": "tee"})).status_code == 200
        assert (await door.post("/api/login", json={"name": "agent", "password": "demo"})).status_code == 401
        await asyncio.to_thread(command, home, "assistant", "staff", "remove", "zhou")
        assert (await door.get("/api/tickets", headers=token, params={"shop": "tee"})).status_code == 401


def test_a_shop_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    folder = new_folder(tmp_path, "a", "一")
    (folder / "shop.yaml").write_text("name: 改过\n", "utf-8")
    with pytest.raises(ShopExists):
        new_folder(tmp_path, "a", "一")
    assert read_about(tmp_path, "a")["name"] == "改过"
    with pytest.raises(BadShopId):
        new_folder(tmp_path, "../a", "一")
    with pytest.raises(NoShopFolder):
        read_about(tmp_path, "b")


@pytest.mark.parametrize(
    ("file", "written", "said"),
    [
        ("shop.yaml", "name: 一\nhour: {}\n", "hour 不认识这个名称"),
        ("shop.yaml", "name: ''\n", "name 不能空着"),
        ("shop.yaml", "name: 一\norigins: [www.a.example]\n", "不是网站地址"),
        ("shop.yaml", "name: [一\n", "行写法不对"),
        ("shop.yaml", "- 一\n", "名称: 内容"),
        ("goods.yaml", "products: [{sku: a, title: 一, price_fen: 9.9}]\n", "第 1 件商品：price_fen 应该是整数"),
        ("goods.yaml", "products: [{sku: a, title: 一}]\n", "price_fen 没有写"),
        (
            "goods.yaml",
            "products: [{sku: a, title: 一, price_fen: 1}, {sku: a, title: 二, price_fen: 1}]\n",
            "同一个 sku",
        ),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, file: str, written: str, said: str) -> None:
    (new_folder(tmp_path, "a", "一") / file).write_text(written, "utf-8")
    read = read_about if file == "shop.yaml" else read_goods
    with pytest.raises(BadShopFile, match=said) as told:
        read(tmp_path, "a")
    assert file in str(told.value)
    assert "shop check a" in str(told.value)


def test_passwords_are_kept_as_digests_for_the_owner_alone(tmp_path: Path) -> None:
    book = StaffBook(tmp_path / "staff.yaml")
    book.add("li", "long enough", "agent", ("a",), "客服小李")
    assert "long enough" not in (tmp_path / "staff.yaml").read_text("utf-8")
    assert (tmp_path / "staff.yaml").stat().st_mode & 0o077 == 0
    assert StaffBook(tmp_path / "staff.yaml")["li"].shown == "客服小李"
    with pytest.raises(BadStaff, match="至少 8 位"):
        book.add("li", "short", "agent", ("a",))
    with pytest.raises(BadStaff, match="没有这个员工"):
        book.remove("wang")
