"""The staff's doors: who may open which, and what they find behind it."""

from __future__ import annotations

import asyncio
import base64
import json
import time

import pytest
from fastapi.routing import APIRoute

from assistant.api.auth import Account, Gate, NotLoggedIn, WrongPassword, hash_password
from tests.api.conftest import Serve
from tests.support.server import ACCOUNTS, SECRET, app_of, reception

OPEN = {"/api/login", "/health/live", "/health/ready", "/metrics", "/openapi.json"}
"""Doors that ask nobody who they are."""
ALLOWED = {
    ("GET", "/api/tickets"): {"agent", "merchant", "qa", "admin"},
    ("GET", "/api/talks/{talk}"): {"agent", "merchant", "qa", "admin"},
    ("POST", "/api/talks/{talk}/claim"): {"agent", "admin"},
    ("POST", "/api/talks/{talk}/reply"): {"agent", "admin"},
    ("POST", "/api/talks/{talk}/note"): {"agent", "merchant", "qa", "admin"},
    ("POST", "/api/talks/{talk}/typing"): {"agent", "admin"},
    ("POST", "/api/talks/{talk}/release"): {"agent", "admin"},
    ("POST", "/api/talks/{talk}/resolve"): {"agent", "admin"},
    ("DELETE", "/api/talks/{talk}"): {"merchant", "admin"},
    ("GET", "/api/queue"): {"agent", "merchant", "qa", "admin"},
    ("GET", "/api/promises"): {"agent", "merchant", "qa", "admin"},
    ("GET", "/api/search"): {"agent", "merchant", "qa", "admin"},
    ("GET", "/api/clock"): {"agent", "merchant", "qa", "admin"},
    ("GET", "/api/tickets/{ticket}"): {"agent", "merchant", "qa", "admin"},
    ("POST", "/api/tickets/{ticket}/claim"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/assign"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/note"): {"agent", "merchant", "qa", "admin"},
    ("POST", "/api/tickets/{ticket}/reply"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/transfer"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/release"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/wait"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/promises"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/promises/{promise}/keep"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/resolve"): {"agent", "admin"},
    ("POST", "/api/tickets/{ticket}/reopen"): {"agent", "admin"},
    ("GET", "/api/webhooks"): {"merchant", "admin"},
    ("POST", "/api/webhooks"): {"merchant", "admin"},
    ("DELETE", "/api/webhooks/{shop}/{endpoint}"): {"merchant", "admin"},
}
BODY = {"text": "在的", "summary": "好了", "on": "carrier", "due": "2099-01-01T00:00:00+08:00"}
BODY |= {"shop": "demo", "url": "http://127.0.0.1:9/hook"}
NOWHERE = {"talk": "t1", "ticket": "T1", "promise": "P1", "shop": "demo", "endpoint": "W1"}
QUERY = {"q": "在", "shop": "demo"}
MINE = ("reply", "release", "resolve", "transfer", "wait", "keep", "reopen")
"""What only whoever has the line may do."""


async def test_every_door_has_a_line_in_the_table() -> None:
    app = app_of(await reception())
    doors = {
        (method, route.path)
        for route in app.routes
        if isinstance(route, APIRoute) and route.path not in OPEN
        for method in route.methods
    }
    listed = {(method, path) for path, item in app.openapi()["paths"].items() for method in map(str.upper, item)}
    assert {door for door in doors | listed if door[1] not in OPEN} == set(ALLOWED)
    await app.state.reception.close()


async def test_every_role_at_every_door(serve: Serve) -> None:
    served = await serve()
    logged_in = {name: await served.log_in(name) for name in ACCOUNTS}
    for (method, path), roles in ALLOWED.items():
        for name, account in ACCOUNTS.items():
            shopper = await served.shopper()
            await shopper.send(type="call_person")
            ticket = (await shopper.event("handed_over"))["ticket"]
            names = {"talk": shopper.talk, "ticket": ticket, "shop": "demo"}
            headers = logged_in[name]
            if path.endswith(MINE):
                await served.http.post(f"/api/talks/{shopper.talk}/claim", headers=headers)
            if path.endswith("keep"):
                owed = await served.http.post(f"/api/tickets/{ticket}/promises", json=BODY, headers=logged_in["root"])
                names["promise"] = owed.json()["promise"]
            if path.endswith("reopen"):
                await served.http.post(f"/api/talks/{shopper.talk}/resolve", json={}, headers=headers)
            if path.endswith("{endpoint}"):
                hook = await served.http.post("/api/webhooks", json=BODY, headers=logged_in["root"])
                names["endpoint"] = hook.json()["id"]
            asked = {"json": BODY} if method == "POST" else {"params": QUERY} if method == "GET" else {}
            answer = await served.http.request(method, path.format(**names), headers=headers, **asked)
            case = f"{name} ({account.role}) {method} {path}: {answer.status_code} {answer.text}"
            narrow = any(part in path for part in ("{", "/clock")) or (method, path) == ("POST", "/api/webhooks")
            if account.role not in roles:
                assert answer.status_code == 403, case
            elif narrow and "demo" not in account.shops and "*" not in account.shops:
                assert answer.status_code == 404, case  # of another shop: not even that it exists
            else:
                assert answer.status_code in (200, 204), case
            await shopper.close()


def forged() -> dict[str, str]:
    gate, other = Gate(SECRET, ACCOUNTS), Gate("another secret", ACCOUNTS)
    token = gate.log_in("li", "secret")[0]
    payload, _, mark = token.partition(".")
    claims = json.loads(base64.urlsafe_b64decode(payload))
    raised = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "root"}).encode()).decode()
    old = Gate(SECRET, ACCOUNTS, clock=lambda: time.time() - 13 * 3600).log_in("li", "secret")[0]
    gone = Gate(SECRET, {"gone": Account("gone", hash_password("secret"), "admin")}).log_in("gone", "secret")[0]
    return {
        "a letter": "x",
        "noise": "x.y",
        "no mark": payload,
        "an empty mark": f"{payload}.",
        "another's name": f"{raised}.{mark}",
        "another's secret": other.log_in("li", "secret")[0],
        "expired": old,
        "who has left": gone,
        "cut": token[:-1],
        "alg none": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.",
        "odd letters": "会话.令牌",
    }


@pytest.mark.parametrize("kind", list(forged()))
async def test_a_forged_or_old_token_opens_no_door(serve: Serve, kind: str) -> None:
    served = await serve()
    headers = [("Authorization", b"Bearer " + forged()[kind].encode())]
    for method, path in ALLOWED:
        asked = {"json": BODY} if method == "POST" else {}
        answer = await served.http.request(method, path.format(**NOWHERE), headers=headers, **asked)  # type: ignore[arg-type]
        assert answer.status_code == 401, (method, path, answer.text)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_without_a_token_no_door_opens(serve: Serve) -> None:
    served = await serve()
    for method, path in ALLOWED:
        asked = {"json": BODY} if method == "POST" else {}
        answer = await served.http.request(method, path.format(**NOWHERE), **asked)  # type: ignore[arg-type]
        assert answer.status_code == 401


def test_a_changed_secret_or_a_changed_role_is_felt_at_once() -> None:
    accounts = {"li": Account("li", hash_password("secret"), "agent")}
    gate = Gate(SECRET, accounts)
    token, staff, _ = gate.log_in("li", "secret")
    assert staff.role == "agent"
    accounts["li"] = Account("li", hash_password("other"), "qa")
    assert gate.whose(token).role == "qa"
    del accounts["li"]
    with pytest.raises(NotLoggedIn):
        gate.whose(token)


@pytest.mark.parametrize(("name", "password"), [("li", "wrong"), ("li", ""), ("nobody", "secret"), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_told_the_same(name: str, password: str) -> None:
    with pytest.raises(WrongPassword, match="用户名或密码不对"):
        Gate(SECRET, ACCOUNTS).log_in(name, password)


async def test_who_guesses_passwords_has_to_wait(serve: Serve) -> None:
    served = await serve()
    answers = [await served.http.post("/api/login", json={"name": "li", "password": str(n)}) for n in range(12)]
    assert [answer.status_code for answer in answers[:10]] == [401] * 10
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_tickets_are_those_of_ones_own_shops_filtered_and_paged(serve: Serve) -> None:
    served = await serve()
    for shop in ("demo", "demo", "demo", "other"):
        head, _ = await served.reception.open(shop)
        await served.reception.call_person(shop, head.talk)
    li, root = await served.log_in("li"), await served.log_in("root")

    async def shops(headers: dict[str, str], **query: object) -> list[str]:
        answer = await served.http.get("/api/tickets", params=query, headers=headers)  # type: ignore[arg-type]
        return [ticket["shop"] for ticket in answer.json()["tickets"]]

    assert await shops(li) == ["demo"] * 3
    assert await shops(li, shop="other") == []
    assert await shops(root) == ["demo"] * 3 + ["other"]
    assert await shops(root, state="claimed") == []
    assert await shops(root, state="open", shop="other") == ["other"]
    first = (await served.http.get("/api/tickets", params={"limit": 2}, headers=li)).json()
    rest = (await served.http.get("/api/tickets", params={"limit": 2, "after": first["next"]}, headers=li)).json()
    assert (len(first["tickets"]), len(rest["tickets"]), rest["next"]) == (2, 1, None)
    assert not {one["id"] for one in first["tickets"]} & {one["id"] for one in rest["tickets"]}


async def test_a_history_is_the_log_with_what_staff_alone_see(serve: Serve) -> None:
    served = await serve()
    shopper = await served.shopper()
    await shopper.ask("能退吗")
    li = await served.log_in("li")
    history = (await served.http.get(f"/api/talks/{shopper.talk}", headers=li)).json()
    assert [event["seq"] for event in history["events"]] == [1, 2, 3, 4, 5, 6]
    assert history["events"][-1]["event"]["kind"] == "traced"
    assert (history["shop"], history["last"], history["held_by"]) == ("demo", 6, "assistant")
    later = (await served.http.get(f"/api/talks/{shopper.talk}", params={"after": 4}, headers=li)).json()
    assert [event["seq"] for event in later["events"]] == [5, 6]


async def test_of_two_agents_one_has_the_line_and_the_other_is_told_who(serve: Serve) -> None:
    served = await serve()
    li, wang = await served.log_in("li"), await served.log_in("wang")
    for _ in range(10):
        shopper = await served.shopper()
        await shopper.send(type="call_person")
        await shopper.event("handed_over")
        address = f"/api/talks/{shopper.talk}"
        answers = await asyncio.gather(*(served.http.post(f"{address}/claim", headers=one) for one in (li, wang)))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        winner, loser = (li, wang) if answers[0].status_code == 200 else (wang, li)
        told = next(answer for answer in answers if answer.status_code == 409).json()
        assert told["code"] == "not_yours"
        assert ("li" if winner is li else "wang") in told["message"]
        assert (await served.http.post(f"{address}/reply", json=BODY, headers=loser)).status_code == 409
        assert (await served.http.post(f"{address}/reply", json=BODY, headers=winner)).status_code == 200
        await shopper.close()


async def test_a_resent_reply_is_said_once(serve: Serve) -> None:
    served = await serve()
    li = await served.log_in("li")
    shopper = await served.shopper()
    await served.http.post(f"/api/talks/{shopper.talk}/claim", headers=li)
    said = {"text": "在的", "client_id": "r1"}
    answers = [await served.http.post(f"/api/talks/{shopper.talk}/reply", json=said, headers=li) for _ in range(3)]
    assert len({answer.json()["seq"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", "/api/tickets?state=lost", None, id="unknown state"),
        pytest.param("GET", "/api/tickets?limit=0", None, id="no tickets asked for"),
        pytest.param("POST", "/api/talks/{talk}/reply", {"text": ""}, id="nothing said"),
        pytest.param("POST", "/api/talks/{talk}/reply", {"words": "x"}, id="no text"),
    ],
)
async def test_a_wrong_request_names_its_field(serve: Serve, method: str, path: str, body: object) -> None:
    served = await serve()
    shopper = await served.shopper()
    answer = await served.http.request(
        method, path.format(talk=shopper.talk), json=body, headers=await served.log_in("li")
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_field"


async def test_an_unknown_conversation_is_not_found(serve: Serve) -> None:
    served = await serve()
    li = await served.log_in("li")
    assert (await served.http.get("/api/talks/nobody", headers=li)).status_code == 404
