"""A replay of connectapi, Connect's client for R, where there is no R.

It sends what connectapi 0.12.1 sends over httr 1.4.7 (the same requests, headers and bodies in the
same order), and goes on where the R code goes on by what came back:
https://github.com/posit-dev/connectapi (R/connect.R, R/groups.R, R/page.R, R/remote.R).
"""

import gzip
import http.client
import json
import uuid
from urllib.parse import quote, urlsplit

from steps import API_KEY, PREFIX, SERVER, Steps, equal, is_true, missing

# What httr puts into every request.
HEADERS = {
    "User-Agent": "libcurl/8.5.0 r-curl/6.2.1 httr/1.4.7",
    "Accept-Encoding": "deflate, gzip",
    "Accept": "application/json, text/xml, application/xml, */*",
}


class Connect:
    """The R6 class `Connect`, as far as its calls for groups go."""

    def __init__(self, server: str, api_key: str) -> None:
        """`connect()`: looks at the licence and the version, in this order."""
        self.server = server.removesuffix("/")
        self.api_key = api_key
        self.known_version: str | None = None
        # The only call without the key.
        status, _ = self.send("GET", "__ping__", key=False)
        assert status != 402, "the licence has expired"
        self.server_settings()

    def send(
        self, method: str, path: str, body: str | None = None, key: bool = True
    ) -> tuple[int, object]:
        url = urlsplit(f"{self.server}/{path}")
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        headers = dict(HEADERS)
        if key:
            headers["Authorization"] = f"Key {self.api_key}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = kind(url.hostname, url.port, timeout=60)
        try:
            target = url.path + (f"?{url.query}" if url.query else "")
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.getheader("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        text = content.decode()
        content_type = answer.getheader("Content-Type", "")
        # `httr::content` parses what says that it is JSON.
        is_json = content_type.split(";")[0] == "application/json"
        return answer.status, json.loads(text) if is_json else text

    def call(self, method: str, path: str, query: dict | None = None, body: dict | None = None):
        """`Connect$request`: whatever isn't a success is an error."""
        set_ones = {name: value for name, value in (query or {}).items() if value is not None}
        pairs = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in set_ones.items())
        # jsonlite writes no space.
        text = None if body is None else json.dumps(body, separators=(",", ":"))
        path = f"__api__/{path}" + (f"?{pairs}" if pairs else "")
        status, answer = self.send(method, path, text)
        if status >= 400:
            raise Refused(status, answer)
        return answer

    def server_settings(self) -> dict:
        return self.call("GET", "server_settings")

    @property
    def version(self) -> str:
        if self.known_version is None:
            self.known_version = self.server_settings()["version"]
        return self.known_version

    def groups(self, page_number: int = 1, prefix: str | None = None, page_size: int = 500):
        query = {"page_number": page_number, "page_size": page_size, "prefix": prefix}
        return self.call("GET", "v1/groups", query)

    def groups_remote(self, prefix: str | None = None, limit: int = 500):
        return self.call("GET", "v1/groups/remote", {"limit": limit, "prefix": prefix})

    def groups_create(self, temp_ticket: str):
        return self.call("PUT", "v1/groups", body={"temp_ticket": temp_ticket})


class Refused(Exception):
    def __init__(self, status: int, answer: object) -> None:
        super().__init__(f"{status}: {answer}")
        self.status = status
        self.code = answer.get("code") if isinstance(answer, dict) else None


def get_groups(src: Connect, page_size: int = 500, prefix: str | None = None) -> list[dict]:
    limit = float("inf")
    if prefix is not None and numbers(src.version) < numbers("2025.04.0"):
        page_size = limit = 500
    page = src.groups(page_size=page_size, prefix=prefix)
    groups, total = list(page["results"]), page["total"]
    while page["results"] and len(groups) < limit and len(groups) < total:
        page = src.groups(page["current_page"] + 1, prefix, page_size)
        groups += page["results"]
    return groups


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:3]]


def groups_create_remote(
    src: Connect, prefix: str, expect: int = 1, check: bool = True, exact: bool = False
) -> list[dict]:
    """Creates what a search finds, and returns the groups of Connect with the prefix."""
    if check:
        local = get_groups(src, prefix=prefix)
        if exact:
            local = [group for group in local if group["name"] == prefix]
        if local:
            return local
    remote = src.groups_remote(prefix=prefix)["results"]
    if exact:
        remote = [hit for hit in remote if hit["name"] == prefix]
    if len(remote) != expect:
        raise LookupError("The expected group(s) were not found.")
    for hit in remote:
        src.groups_create(hit["temp_ticket"])
    return get_groups(src, prefix=prefix)


steps = Steps("connectapi-replay", "0.12.1")
step = steps.step

with step("connect"):
    client = Connect(SERVER, API_KEY)

with step("the groups that Connect has"):
    groups = get_groups(client)
    is_true(groups, "none")
    for group in groups:
        uuid.UUID(group["guid"])
        is_true(group["name"], "a group without a name")
        equal(group["owner_guid"], None)

with step("the same in pages of five"):
    equal([group["guid"] for group in get_groups(client, 5)], [group["guid"] for group in groups])

with step("the groups that begin with a prefix, in pages of one"):
    beginning = groups[0]["name"][:1]
    pages = get_groups(client, 1, beginning)
    equal(pages, get_groups(client, prefix=beginning))
    is_true(len(pages) > 1, "less than two pages")

with step("search LDAP"):
    hits = client.groups_remote(PREFIX)["results"]
    is_true(hits, "nothing found")
    is_true(all(hit["temp_ticket"] for hit in hits), "a hit without a ticket")

with step("more hits than expected: nothing is created"):
    names = [group["name"] for group in get_groups(client)]
    try:
        groups_create_remote(client, PREFIX, expect=1, check=False)
    except LookupError:
        pass
    else:
        raise AssertionError("created")
    equal([group["name"] for group in get_groups(client)], names)

with step("create a group of exactly a name"):
    wanted = missing(client.groups_remote(PREFIX)["results"])["name"]
    made = groups_create_remote(client, wanted, exact=True)
    is_true(wanted in [group["name"] for group in made], f"{made}")

with step("a group that is there is left alone"):
    there = groups_create_remote(client, wanted, exact=True)
    equal([group["name"] for group in there], [wanted])

with step("create it without a check: code 131"):
    try:
        groups_create_remote(client, wanted, check=False, exact=True)
    except Refused as refused:
        equal((refused.status, refused.code), (400, 131))
    else:
        raise AssertionError("created once more")

with step("wrong key: code 30"):
    try:
        get_groups(Connect(SERVER, "wrong"))
    except Refused as refused:
        equal((refused.status, refused.code), (401, 30))
    else:
        raise AssertionError("accepted")

steps.end()
