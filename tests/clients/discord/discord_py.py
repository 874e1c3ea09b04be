"""The bot of the clients' check with discord.py, as https://discordpy.readthedocs.io shows it."""

import math
import os
import sys
import threading

import discord
import yarl
from discord import app_commands, ui

discord.http.Route.BASE = os.environ["DISCORD_API_URL"] + "/api/v10"
GUILD = discord.Object(int(os.environ["DISCORD_GUILD"]))
WORDS = ["alpha", "beta", "gamma"]


class Press(ui.View):
    @ui.button(label="Press", custom_id="press")
    async def press(self, interaction: discord.Interaction, _button: ui.Button):
        await interaction.response.edit_message(
            content=f"pressed by {interaction.user.name}", view=None
        )


class Pick(ui.View):
    @ui.select(
        custom_id="pick",
        max_values=2,
        options=[discord.SelectOption(label=word.title(), value=word) for word in WORDS],
    )
    async def pick(self, interaction: discord.Interaction, select: ui.Select):
        await interaction.response.edit_message(
            content=f"picked {', '.join(select.values)}", view=None
        )


class Fill(ui.Modal, title="A form"):
    reason = ui.Label(
        text="Reason",
        component=ui.TextInput(custom_id="reason", style=discord.TextStyle.paragraph, max_length=200),
    )

    async def on_submit(self, interaction: discord.Interaction):
        await interaction.response.send_message(f"filled in: {self.reason.component.value}")


class Layout(ui.LayoutView):
    container = ui.Container(ui.TextDisplay("in a container"), accent_color=0x447099)


async def look(interaction: discord.Interaction):
    """Lets it be seen that the answer was taken, and the library knows what was shown."""
    await interaction.client.fetch_channel(interaction.channel_id)


class Check(app_commands.Group, name="check", description="What a client can do"):
    @app_commands.command(name="commands", description="Lists the commands")
    async def list_commands(self, interaction: discord.Interaction):
        known = await interaction.client.tree.fetch_commands(guild=GUILD)
        listed = ", ".join(f"{command.name} {command.id}" for command in known)
        await interaction.response.send_message(listed)

    @app_commands.command(description="Answers at once")
    async def now(self, interaction: discord.Interaction):
        await interaction.response.send_message(f"now, {interaction.user.name}")

    @app_commands.command(description="Answers later")
    async def later(self, interaction: discord.Interaction):
        await interaction.response.defer(thinking=True)
        await interaction.edit_original_response(content="later")

    @app_commands.command(description="Edits its answer")
    async def edit(self, interaction: discord.Interaction):
        await interaction.response.send_message("before")
        await interaction.edit_original_response(content="after")

    @app_commands.command(description="Follows up privately")
    async def follow(self, interaction: discord.Interaction):
        await interaction.response.send_message("first")
        second = await interaction.followup.send("second", ephemeral=True, wait=True)
        await second.edit(content="third")

    @app_commands.command(description="Deletes what it said")
    async def delete(self, interaction: discord.Interaction):
        await interaction.response.send_message("soon gone")
        second = await interaction.followup.send("gone too", wait=True)
        await second.delete()
        await interaction.delete_original_response()

    @app_commands.command(description="Completes a word")
    async def complete(self, interaction: discord.Interaction, word: str):
        await interaction.response.send_message(f"completed {word}")

    @complete.autocomplete("word")
    async def words(self, _interaction: discord.Interaction, typed: str):
        return [app_commands.Choice(name=word, value=word) for word in WORDS if typed in word]

    @app_commands.command(description="Shows a button")
    async def button(self, interaction: discord.Interaction):
        await interaction.response.send_message("a button", view=Press())
        await look(interaction)

    @app_commands.command(description="Shows a menu")
    async def menu(self, interaction: discord.Interaction):
        await interaction.response.send_message("a menu", view=Pick())
        await look(interaction)

    @app_commands.command(description="Opens a form")
    async def form(self, interaction: discord.Interaction):
        await interaction.response.send_modal(Fill())
        await look(interaction)

    @app_commands.command(description="Writes to the channel")
    async def channel(self, interaction: discord.Interaction):
        await interaction.response.defer(thinking=True)
        message = await interaction.channel.send("sent")
        await message.edit(content="sent and edited")
        fetched = await interaction.channel.fetch_message(message.id)
        await interaction.edit_original_response(content=f"fetched: {fetched.content}")

    @app_commands.command(description="Shows a container")
    async def layout(self, interaction: discord.Interaction):
        await interaction.response.send_message(view=Layout())

    @app_commands.command(description="Tells of the heartbeat")
    async def heartbeat(self, interaction: discord.Interaction):
        is_known = math.isfinite(interaction.client.latency)
        await interaction.response.send_message("acknowledged" if is_known else "not yet")


class Bot(discord.Client):
    def __init__(self):
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self):
        # It would dial an address of its own otherwise.
        _, gateway, _ = await self.http.get_bot_gateway()
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        self.tree.add_command(Check(), guild=GUILD)
        await self.tree.sync(guild=GUILD)


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
print(f"client discord.py {discord.__version__}", flush=True)
Bot().run(os.environ["DISCORD_TOKEN"])
