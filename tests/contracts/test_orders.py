"""A shopper's orders keep to the contract in every home they have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.service.orders import DatedOrders, Home, OwnOrders, RemoteOrders, TableOrders
from assistant.turn.shop import OrdersAway
from knowledge.database import open_engine
from tests.contracts.orders import HomeContract
from tests.support.orders import ORDERS, SECRET, Merchant, merchant
from tests.support.postgres import fresh_database
from tests.support.shops import NOON

NUMBER = next(order["number"] for order in ORDERS if order["buyer"] == "xiaoman")


class TestOfTheDemo(HomeContract):
    @pytest.fixture
    def home(self) -> Home:
        return DatedOrders(lambda _now: ORDERS, lambda: NOON)


async def table(url: str) -> AsyncIterator[TableOrders]:
    engine = open_engine(url)
    home = TableOrders(engine, "demo")
    await home.open()
    await home.put(ORDERS)
    await TableOrders(engine, "other").put([{**ORDERS[0], "number": "1", "buyer": "xiaoman"}])
    yield home
    await engine.dispose()


class TableContract(HomeContract):
    async def test_another_shops_orders_are_not_ours(self, home: TableOrders) -> None:
        assert await home.order_of("xiaoman", "1") is None

    async def test_an_order_put_again_is_replaced(self, home: TableOrders) -> None:
        order = next(o for o in ORDERS if o["number"] == NUMBER)
        await home.put([{**order, "state": "已签收"}])
        found = await home.order_of("xiaoman", NUMBER)
        assert found is not None
        assert found["state"] == "已签收"
        assert len(await home.recent_of("xiaoman")) == sum(o["buyer"] == "xiaoman" for o in ORDERS)


class TestInSqlite(TableContract):
    @pytest.fixture
    async def home(self, tmp_path: Path) -> AsyncIterator[TableOrders]:
        async for home in table(f"sqlite:///{tmp_path}/orders.db"):
            yield home

    async def test_a_table_that_is_not_there_is_away_and_not_empty(self, tmp_path: Path) -> None:
        engine = open_engine(f"sqlite:///{tmp_path}/none.db")
        with pytest.raises(OrdersAway):
            await TableOrders(engine, "demo").order_of("xiaoman", NUMBER)
        await engine.dispose()


class TestInPostgres(TableContract):
    @pytest.fixture
    async def home(self) -> AsyncIterator[TableOrders]:
        async with fresh_database() as url:
            async for home in table(url):
                yield home


class TestAtTheMerchants(HomeContract):
    @pytest.fixture
    async def shop(self) -> AsyncIterator[Merchant]:
        async with merchant() as shop:
            yield shop

    @pytest.fixture
    async def home(self, shop: Merchant) -> AsyncIterator[RemoteOrders]:
        home = RemoteOrders(shop.url, SECRET, "demo")
        yield home
        await home.close()

    async def test_every_request_is_signed(self, shop: Merchant, mine: OwnOrders) -> None:
        await mine.order(NUMBER)
        await mine.recent()
        assert (len(shop.asked), shop.refused) == (2, 0)

    async def test_without_the_right_secret_nothing_is_told(self, shop: Merchant) -> None:
        home = RemoteOrders(shop.url, "guessed", "demo")
        with pytest.raises(OrdersAway):
            await home.order_of("xiaoman", NUMBER)
        assert shop.refused == 1
        await home.close()

    @pytest.mark.parametrize("fault", ["slow", "500", "rubbish", "list_for_one"])
    async def test_a_broken_endpoint_is_away_and_left_alone_for_a_while(self, shop: Merchant, fault: str) -> None:
        clock = [100.0]
        home = RemoteOrders(shop.url, SECRET, "demo", patience=0.5, clock=lambda: clock[0])
        shop.fault = fault
        with pytest.raises(OrdersAway):
            await home.order_of("xiaoman", NUMBER)
        shop.fault = None
        if fault != "list_for_one":
            with pytest.raises(OrdersAway):
                await home.recent_of("xiaoman")
            assert len(shop.asked) == 1
        clock[0] += 30.0
        assert await home.order_of("xiaoman", NUMBER) is not None
        await home.close()

    async def test_an_endpoint_that_is_not_there_is_away(self) -> None:
        home = RemoteOrders("http://127.0.0.1:9", SECRET, "demo", patience=0.5)
        with pytest.raises(OrdersAway):
            await home.order_of("xiaoman", NUMBER)
        await home.close()

    async def test_the_same_question_is_asked_once_while_the_answer_is_fresh(self, shop: Merchant) -> None:
        clock = [100.0]
        home = RemoteOrders(shop.url, SECRET, "demo", clock=lambda: clock[0])
        for _ in range(3):
            await home.order_of("xiaoman", NUMBER)
            await home.order_of("azhe", NUMBER)
        assert len(shop.asked) == 2
        clock[0] += 60.0
        await home.order_of("xiaoman", NUMBER)
        assert len(shop.asked) == 3
        await home.close()

    async def test_an_endpoint_that_tells_somebody_elses_order_is_not_believed(
        self, shop: Merchant, mine: OwnOrders
    ) -> None:
        shop.fault = "somebody_elses"
        assert await mine.order(NUMBER) is None
