"""posit-sdk, Connect's client for Python, against a Connect server whose groups are in LDAP.

What it has no method for is called as Connect's cookbook does:
https://docs.posit.co/connect/cookbook/groups/creating-a-group-using-a-remote-authentication-provider-ldap/
"""

import uuid
from collections.abc import Callable
from importlib.metadata import version

from posit import connect
from posit.connect.errors import ClientError

from steps import API_KEY, PREFIX, SERVER, Steps, equal, is_true, missing


def refused(call: Callable[[], object], status: int, code: int, text: str) -> None:
    """The call is refused as Connect's reference lists the code."""
    try:
        answer = call()
    except ClientError as error:
        found = (error.http_status, error.error_code, error.error_message)
        equal(found, (status, code, text))
    else:
        raise AssertionError(f"answered with {answer!r}")


steps = Steps("posit-sdk", version("posit-sdk"))
step = steps.step
client = connect.Client(SERVER, API_KEY)


def search(prefix: str, **params: object) -> list[dict]:
    found = client.get("v1/groups/remote", params={"prefix": prefix, **params}).json()
    equal(found["current_page"], 1)
    return found["results"]


def create(ticket: str) -> dict:
    return client.put("v1/groups", json={"temp_ticket": ticket}).json()


with step("who the key belongs to"):
    me = client.me
    equal(me["user_role"], "administrator")
    equal(me["locked"], False)
    uuid.UUID(me["guid"])
    is_true(me["external_id"], "no external_id")

with step("the server's version"):
    is_true(client.version, "no version")

with step("the groups that Connect has"):
    groups = client.groups.find()
    is_true(groups, "none")
    equal(len({group["guid"] for group in groups}), len(groups))
    equal({group["owner_guid"] for group in groups}, {None})
    is_true(all(group["member_count"] >= 0 for group in groups), "no member_count")

with step("how many they are"):
    equal(client.groups.count(), len(groups))

with step("one of them by its guid"):
    equal(dict(client.groups.get(groups[0]["guid"])), dict(groups[0]))

with step("a guid that no group has: code 4"):
    unknown = str(uuid.uuid4())
    refused(lambda: client.groups.get(unknown), 404, 4, "The requested object does not exist.")

with step("the groups that begin with a prefix"):
    beginning = groups[0]["name"][:2]
    found = client.groups.find(prefix=beginning.swapcase())
    is_true(found, "none")
    folded = beginning.lower()
    is_true(all(group["name"].lower().startswith(folded) for group in found), f"{found}")
    lengths = [len(group["name"]) for group in found]
    equal(lengths, sorted(lengths))
    equal(client.groups.find_one(prefix=beginning)["guid"], found[0]["guid"])

with step("the groups in descending order"):
    # requests writes it `False`.
    found = client.groups.find(asc_order=False)
    equal([group["guid"] for group in found], [group["guid"] for group in groups][::-1])

with step("search LDAP"):
    hits = search(PREFIX)
    lengths = [len(hit["name"]) for hit in hits]
    equal(lengths, sorted(lengths))
    is_true(all(set(hit) == {"name", "guid", "temp_ticket"} for hit in hits), f"{hits}")
    is_true(all(hit["temp_ticket"] for hit in hits), "a hit without a ticket")
    known = {group["guid"] for group in groups}
    imported = [hit for hit in hits if hit["guid"] in known]
    is_true(imported, "nothing that Connect has")
    equal(len(search(PREFIX, limit=1)), 1)

with step("more hits than a search may have: code 13"):
    refused(lambda: search(PREFIX, limit=501), 400, 13, "The requested range is invalid.")

with step("a search for nothing: code 12"):
    remote = "v1/groups/remote"
    refused(lambda: client.get(remote), 400, 12, "A required parameter is missing.")

with step("create a group"):
    wanted = missing(hits)
    group = create(wanted["temp_ticket"])
    equal(group["name"], wanted["name"])
    equal(group["owner_guid"], None)
    equal(dict(client.groups.get(group["guid"])), group)

with step("find it with its guid in LDAP"):
    again = next(hit for hit in search(wanted["name"]) if hit["name"] == wanted["name"])
    equal(again["guid"], group["guid"])

with step("create it again: code 131"):
    text = "A group using the same unique ID already exists."
    refused(lambda: create(again["temp_ticket"]), 400, 131, text)

with step("a ticket that is none: code 127"):
    refused(lambda: create("none"), 400, 127, "The temp_ticket is invalid.")

with step("a field that Connect doesn't know: code 121"):
    body = {"temp_ticket": "none", "name": "none"}
    text = 'The request JSON cannot be parsed: json: unknown field "name"'
    refused(lambda: client.put("v1/groups", json=body), 400, 121, text)

with step("wrong key: code 30"):
    text = (
        "We couldn't log you in with the provided credentials. "
        "Please ask your administrator for assistance."
    )
    refused(lambda: connect.Client(SERVER, "wrong").me, 401, 30, text)

with step("no key: code 24"):
    client.session.auth = lambda request: request
    text = "The requested operation requires authentication."
    refused(lambda: client.me, 401, 24, text)

with step("a call that Connect doesn't have: 404 without a code"):
    client.session.hooks["response"].clear()
    answer = client.get("v1/nothing")
    equal((answer.status_code, answer.text.strip()), (404, "404 page not found"))

steps.end()
