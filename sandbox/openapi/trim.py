#!/usr/bin/env python3
"""Trims Discord's description of its HTTP API to the routes that the stand-in has.

    python3 trim.py path/to/discord-api-spec/specs/openapi.json > discord.json

The description is https://github.com/discord/discord-api-spec, under the MIT licence beside this file.
"""

import json
import sys

OPERATIONS = {
    "/applications/@me": ["get", "patch"],
    "/applications/{application_id}/commands": ["get", "post", "put"],
    "/applications/{application_id}/guilds/{guild_id}/commands": ["get", "post", "put"],
    "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}": ["delete", "get", "patch"],
    "/channels/{channel_id}": ["get"],
    "/channels/{channel_id}/messages": ["post"],
    "/channels/{channel_id}/messages/{message_id}": ["delete", "get", "patch"],
    "/gateway": ["get"],
    "/gateway/bot": ["get"],
    "/guilds/{guild_id}": ["get"],
    "/guilds/{guild_id}/members/{user_id}": ["get"],
    "/guilds/{guild_id}/roles": ["get"],
    "/interactions/{interaction_id}/{interaction_token}/callback": ["post"],
    "/oauth2/applications/@me": ["get"],
    "/users/@me": ["get"],
    "/webhooks/{webhook_id}/{webhook_token}": ["post"],
    "/webhooks/{webhook_id}/{webhook_token}/messages/@original": ["delete", "get", "patch"],
    "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": ["delete", "get", "patch"],
}


METHODS = ["delete", "get", "patch", "post", "put"]


def json_content(part):
    return (part.get("content") or {}).get("application/json", {}).get("schema")


def trim_operation(item, operation):
    trimmed = {
        "operationId": operation["operationId"],
        "parameters": [
            {name: parameter[name] for name in ("name", "in", "required", "schema") if name in parameter}
            for parameter in item.get("parameters", []) + operation.get("parameters", [])
        ],
        # An empty entry allows the call without the bot's token: the path holds another one.
        "needs_token": {} not in operation.get("security", []),
        "answers": {
            status: json_content(answer)
            for status, answer in operation["responses"].items()
            if status.startswith("2")
        },
    }
    if body := json_content(operation.get("requestBody", {})):
        trimmed["body"] = body
    return trimmed


def without_prose(part, is_properties=False):
    if isinstance(part, list):
        return [without_prose(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: without_prose(value, name == "properties" and not is_properties)
        for name, value in part.items()
        if is_properties or name not in ("description", "title")
    }


def references(part):
    if isinstance(part, dict):
        yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from references(each)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        whole = json.load(file)
    paths = {
        path: {method: trim_operation(whole["paths"][path], whole["paths"][path][method]) for method in methods}
        | {"others": [method for method in METHODS if method in whole["paths"][path] and method not in methods]}
        for path, methods in OPERATIONS.items()
    }
    prefix = "#/components/schemas/"
    schemas, waiting = {}, list(references(paths))
    while waiting:
        name = waiting.pop().removeprefix(prefix)
        if name not in schemas:
            schemas[name] = without_prose(whole["components"]["schemas"][name])
            waiting.extend(references(schemas[name]))
    print('{"paths": {')
    print(",\n".join(f"{json.dumps(name)}: {json.dumps(paths[name])}" for name in sorted(paths)))
    print('}, "components": {"schemas": {')
    print(",\n".join(f"{json.dumps(name)}: {json.dumps(schemas[name])}" for name in sorted(schemas)))
    print("}}}")


main()
