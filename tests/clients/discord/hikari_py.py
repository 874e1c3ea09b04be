"""The bot of the clients' check with hikari, as https://docs.hikari-py.dev shows it."""

import math
import os
import sys
import threading

import hikari
from hikari import commands
from hikari.impl import (
    AutocompleteChoiceBuilder,
    ContainerComponentBuilder,
    MessageActionRowBuilder,
    ModalActionRowBuilder,
)

AT_ONCE = hikari.ResponseType.MESSAGE_CREATE
UPDATE = hikari.ResponseType.MESSAGE_UPDATE
GUILD = int(os.environ["DISCORD_GUILD"])
WORDS = ["alpha", "beta", "gamma"]

bot = hikari.GatewayBot(
    os.environ["DISCORD_TOKEN"],
    intents=hikari.Intents.GUILDS,
    rest_url=os.environ["DISCORD_API_URL"] + "/api/v10",
    banner=None,
    suppress_optimization_warning=True,
)


async def list_commands(interaction):
    known = await bot.rest.fetch_application_commands(interaction.application_id, GUILD)
    listed = ", ".join(f"{command.name} {command.id}" for command in known)
    await interaction.create_initial_response(AT_ONCE, listed)


async def now(interaction):
    await interaction.create_initial_response(AT_ONCE, f"now, {interaction.user.username}")


async def later(interaction):
    await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
    await interaction.edit_initial_response("later")


async def edit(interaction):
    await interaction.create_initial_response(AT_ONCE, "before")
    await interaction.edit_initial_response("after")


async def follow(interaction):
    await interaction.create_initial_response(AT_ONCE, "first")
    second = await interaction.execute("second", flags=hikari.MessageFlag.EPHEMERAL)
    await interaction.edit_message(second, "third")


async def delete(interaction):
    await interaction.create_initial_response(AT_ONCE, "soon gone")
    second = await interaction.execute("gone too")
    await interaction.delete_message(second)
    await interaction.delete_initial_response()


async def complete(interaction):
    word = interaction.options[0].options[0].value
    await interaction.create_initial_response(AT_ONCE, f"completed {word}")


async def look(interaction):
    """Lets it be seen that the answer was taken, and the library knows what was shown."""
    await bot.rest.fetch_channel(interaction.channel_id)


async def button(interaction):
    row = MessageActionRowBuilder()
    row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "press", label="Press")
    await interaction.create_initial_response(AT_ONCE, "a button", component=row)
    await look(interaction)


async def menu(interaction):
    row = MessageActionRowBuilder()
    options = row.add_text_menu("pick", min_values=1, max_values=2)
    for word in WORDS:
        options.add_option(word.title(), word)
    await interaction.create_initial_response(AT_ONCE, "a menu", component=row)
    await look(interaction)


async def form(interaction):
    row = ModalActionRowBuilder()
    style = hikari.TextInputStyle.PARAGRAPH
    row.add_text_input("reason", "Reason", style=style, max_length=200)
    await interaction.create_modal_response("A form", "form", component=row)
    await look(interaction)


async def channel(interaction):
    await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
    message = await bot.rest.create_message(interaction.channel_id, "sent")
    await message.edit("sent and edited")
    fetched = await bot.rest.fetch_message(interaction.channel_id, message.id)
    await interaction.edit_initial_response(f"fetched: {fetched.content}")


async def layout(interaction):
    container = ContainerComponentBuilder(accent_color=hikari.Color(0x447099))
    container.add_text_display("in a container")
    await interaction.create_initial_response(
        AT_ONCE, component=container, flags=hikari.MessageFlag.IS_COMPONENTS_V2
    )


async def heartbeat(interaction):
    is_known = math.isfinite(bot.heartbeat_latency)
    await interaction.create_initial_response(AT_ONCE, "acknowledged" if is_known else "not yet")


CHECK = {
    "commands": (list_commands, "Lists the commands"),
    "now": (now, "Answers at once"),
    "later": (later, "Answers later"),
    "edit": (edit, "Edits its answer"),
    "follow": (follow, "Follows up privately"),
    "delete": (delete, "Deletes what it said"),
    "complete": (complete, "Completes a word"),
    "button": (button, "Shows a button"),
    "menu": (menu, "Shows a menu"),
    "form": (form, "Opens a form"),
    "channel": (channel, "Writes to the channel"),
    "layout": (layout, "Shows a container"),
    "heartbeat": (heartbeat, "Tells of the heartbeat"),
}


def subcommand(name, description):
    word = commands.CommandOption(
        type=commands.OptionType.STRING,
        name="word",
        description="A word",
        is_required=True,
        autocomplete=True,
    )
    return commands.CommandOption(
        type=commands.OptionType.SUB_COMMAND,
        name=name,
        description=description,
        options=[word] if name == "complete" else [],
    )


@bot.listen(hikari.StartingEvent)
async def register(_event):
    application = await bot.rest.fetch_application()
    check = bot.rest.slash_command_builder("check", "What a client can do")
    for name, (_, description) in CHECK.items():
        check.add_option(subcommand(name, description))
    await bot.rest.set_application_commands(application, [check], GUILD)


@bot.listen(hikari.CommandInteractionCreateEvent)
async def on_command(event):
    work, _ = CHECK[event.interaction.options[0].name]
    await work(event.interaction)


@bot.listen(hikari.AutocompleteInteractionCreateEvent)
async def on_typing(event):
    typed = event.interaction.options[0].options[0].value
    fitting = [AutocompleteChoiceBuilder(word, word) for word in WORDS if typed in word]
    await event.interaction.create_response(fitting)


@bot.listen(hikari.ComponentInteractionCreateEvent)
async def on_component(event):
    interaction = event.interaction
    if interaction.custom_id == "press":
        said = f"pressed by {interaction.user.username}"
    else:
        said = f"picked {', '.join(interaction.values)}"
    await interaction.create_initial_response(UPDATE, said, components=[])


@bot.listen(hikari.ModalInteractionCreateEvent)
async def on_form(event):
    reason = event.interaction.components[0][0].value
    await event.interaction.create_initial_response(AT_ONCE, f"filled in: {reason}")


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
print(f"client hikari {hikari.__version__}", flush=True)
bot.run(check_for_updates=False)
