"""The ticket doors: a helpdesk that is not ours does the whole work over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.conftest import Serve


async def test_a_ticket_from_the_call_to_the_confirmation(serve: Serve) -> None:
    served = await serve()
    li, wang = await served.log_in("li"), await served.log_in("wang")
    shopper = await served.shopper(page={"order": "E1", "product": "sku1"})
    await shopper.ask("多久发货")
    await shopper.say("我要人工")
    ticket = (await shopper.event("handed_over"))["ticket"]

    async def do(what: str, who: dict[str, str], status: int = 200, **body: object) -> dict[str, object]:
        answer = await served.http.post(f"/api/tickets/{ticket}/{what}", json=body, headers=who)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def whole() -> dict[str, object]:
        return dict((await served.http.get(f"/api/tickets/{ticket}", headers=li)).json())

    rows = (await served.http.get("/api/queue", params={"shop": "demo"}, headers=li)).json()["waiting"]
    assert [(row["ticket"], row["position"]) for row in rows] == [(ticket, 1)]
    await do("claim", li)
    await do("reply", wang, 409, text="我来")
    await do("reply", li, text="我查一下", client_id="r1")
    await do("note", li, text="老顾客")
    await do("wait", li, on="warehouse")
    await do("transfer", li, 404, to="nobody")
    await do("transfer", li, 404, to="other")
    await do("transfer", li, to="wang", note="要查仓库")
    claimed = await shopper.event("claimed", name="客服小王")
    assert claimed["given_by"] == "li"
    due = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    owed = await do("promises", wang, text="两小时内回复", due=due)
    listed = (await served.http.get("/api/promises", params={"by": "wang"}, headers=li)).json()
    assert [one["id"] for one in listed["later"]] == [owed["promise"]]
    await do(f"promises/{owed['promise']}/keep", wang, note="回了")
    await do("resolve", wang, summary="已发货")
    await shopper.event("resolved")
    await shopper.send(type="rate", stars=5)
    await shopper.event("rated")
    told = await whole()
    story, packet = told["story"], told["packet"]
    assert (story["stage"], story["stars"], story["summary"]) == ("confirmed", 5, "已发货")  # type: ignore[index]
    assert (packet["order_number"], packet["product"]) == ("E1", "sku1")  # type: ignore[index]
    assert [note["text"] for note in packet["notes"]] == ["老顾客"]  # type: ignore[index]
    found = (await served.http.get("/api/search", params={"q": "多久发货"}, headers=li)).json()["found"]
    assert {(one["talk"], one["by"]) for one in found} >= {(shopper.talk, "shopper")}
    assert (await served.http.get("/api/search", params={"q": "没人说过"}, headers=li)).json()["found"] == []


async def test_the_queue_is_filtered(serve: Serve) -> None:
    served = await serve()
    li = await served.log_in("li")
    for _ in range(3):
        head, _ = await served.reception.open("demo")
        await served.reception.call_person("demo", head.talk)

    async def rows(**query: str) -> int:
        return len((await served.http.get("/api/queue", params=query, headers=li)).json()["waiting"])

    counts = (
        await rows(),
        await rows(level="L3"),
        await rows(level="L2"),
        await rows(holder="li"),
        await rows(shop="other"),
    )
    assert counts == (3, 3, 0, 0, 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "x", "due": "2000-01-01T00:00:00"}, 400),
        ({"text": "x"}, 422),
        ({"text": "", "due": "2099-01-01"}, 422),
    ],
)
async def test_a_promise_needs_words_and_a_time_to_come(serve: Serve, body: dict[str, str], status: int) -> None:
    served = await serve()
    li = await served.log_in("li")
    head, _ = await served.reception.open("demo")
    await served.reception.call_person("demo", head.talk)
    [ticket] = await served.reception.store.tickets(talk=head.talk)
    answer = await served.http.post(f"/api/tickets/{ticket.id}/promises", json=body, headers=li)
    assert answer.status_code == status, answer.text
