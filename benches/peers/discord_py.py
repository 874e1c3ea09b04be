"""Search and create with discord.py, as its documentation shows how to write a bot."""

import os
import sys
import threading
import time

import aiohttp
import discord
import yarl
from discord import app_commands

discord.http.Route.BASE = os.environ["DISCORD_API_URL"] + "/api/v10"
GUILDS = [discord.Object(int(guild)) for guild in os.environ["DISCORD_GUILD_IDS"].split(",")]
ADMIN_ROLES = {int(role) for role in os.environ["ADMIN_ROLE_IDS"].split(",")}
MAX_CONTENT = 2000
TICKET_TTL = 600


class ConnectError(Exception):
    pass


class Connect:
    """The two calls to Posit Connect, and the latest search of each channel with its tickets."""

    def __init__(self, server: str, key: str):
        self.session = aiohttp.ClientSession(
            base_url=f"{server}/__api__/v1/",
            headers={"Authorization": f"Key {key}"},
            timeout=aiohttp.ClientTimeout(total=30),
        )
        self.latest = {}

    async def call(self, interaction: discord.Interaction, method: str, path: str, **options):
        headers = {"X-Correlation-ID": str(interaction.id)}
        async with self.session.request(method, path, headers=headers, **options) as response:
            body = await response.json()
            if not response.ok:
                raise ConnectError(body["error"])
            return body

    async def search(self, interaction: discord.Interaction, prefix: str):
        query = {"prefix": prefix, "limit": "500"}
        found = await self.call(interaction, "GET", "groups/remote", params=query)
        self.latest[interaction.channel_id] = (time.monotonic(), found["results"])
        return found["results"]

    def remembered(self, interaction: discord.Interaction):
        taken, groups = self.latest.get(interaction.channel_id, (0, []))
        return groups if time.monotonic() - taken < TICKET_TTL else []

    async def find(self, interaction: discord.Interaction, name: str):
        def pick(groups):
            return next((group for group in groups if group["name"] == name), None)

        return pick(self.remembered(interaction)) or pick(await self.search(interaction, name))

    async def create(self, interaction: discord.Interaction, group):
        ticket = {"temp_ticket": group["temp_ticket"]}
        return await self.call(interaction, "PUT", "groups", json=ticket)


def table(groups) -> str:
    """As many groups as fit one message."""
    width = max(4, *(len(group["name"]) for group in groups))
    lines = [f"{'NAME':{width}}  GUID"]
    lines += [f"{group['name']:{width}}  {group['guid'] or 'NULL'}" for group in groups]
    room = MAX_CONTENT - len("```\n\n```")
    shown = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    return "```\n" + "\n".join(shown) + "\n```"


class LdapGroup(app_commands.Group, name="ldapgroup", description="LDAP groups and Posit Connect"):
    @app_commands.command(description="Find LDAP groups")
    @app_commands.describe(prefix="What the name begins with")
    async def search(self, interaction: discord.Interaction, prefix: str):
        await interaction.response.defer()
        groups = await interaction.client.posit.search(interaction, prefix)
        await interaction.edit_original_response(
            content=table(groups) if groups else f"No LDAP group begins with `{prefix}`."
        )

    @app_commands.command(description="Create a group")
    @app_commands.describe(name="The whole name")
    @app_commands.checks.has_any_role(*ADMIN_ROLES)
    async def create(self, interaction: discord.Interaction, name: str):
        await interaction.response.defer()
        posit = interaction.client.posit
        group = await posit.find(interaction, name)
        if group is None:
            answer = f"No LDAP group is called `{name}`."
        elif group["guid"]:
            answer = f"The requested group name is already in use. guid `{group['guid']}`"
        else:
            created = await posit.create(interaction, group)
            answer = f"`{created['name']}` is created, guid `{created['guid']}`"
        await interaction.edit_original_response(content=answer)

    @create.autocomplete("name")
    async def names(self, interaction: discord.Interaction, typed: str):
        groups = interaction.client.posit.remembered(interaction)
        names = [group["name"] for group in groups if typed.lower() in group["name"].lower()]
        return [app_commands.Choice(name=name, value=name) for name in names[:25]]


class Tree(app_commands.CommandTree):
    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError):
        if isinstance(error, app_commands.MissingAnyRole):
            await interaction.response.send_message("Only admins create groups.", ephemeral=True)
            return
        cause = getattr(error, "original", error)
        print(repr(cause), file=sys.stderr)
        await interaction.edit_original_response(content=f"It failed: {cause}")


class Bot(discord.Client):
    def __init__(self):
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = Tree(self)

    async def setup_hook(self):
        self.posit = Connect(os.environ["CONNECT_SERVER"], os.environ["CONNECT_API_KEY"])
        # It would dial an address of its own otherwise.
        _, gateway, _ = await self.http.get_bot_gateway()
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        for guild in GUILDS:
            self.tree.add_command(LdapGroup(), guild=guild)
            await self.tree.sync(guild=guild)


def end_with_input():
    """So that it doesn't outlive what measures it."""
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
Bot().run(os.environ["DISCORD_TOKEN"])
