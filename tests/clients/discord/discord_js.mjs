// The bot of the clients' check with discord.js, as https://discordjs.guide shows it. With the
// argument `without-guilds` it doesn't ask for the intent GUILDS, so that nothing is in its cache.

import {
    ActionRowBuilder,
    ButtonBuilder,
    ButtonStyle,
    Client,
    ContainerBuilder,
    Events,
    GatewayIntentBits,
    LabelBuilder,
    MessageFlags,
    ModalBuilder,
    SlashCommandBuilder,
    StringSelectMenuBuilder,
    TextInputBuilder,
    TextInputStyle,
    version,
} from 'discord.js';

const {DISCORD_API_URL, DISCORD_TOKEN, DISCORD_GUILD} = process.env;
const hasGuilds = process.argv[2] !== 'without-guilds';
const WORDS = ['alpha', 'beta', 'gamma'];

const client = new Client({
    intents: hasGuilds ? [GatewayIntentBits.Guilds] : [],
    rest: {api: `${DISCORD_API_URL}/api`},
});

const title = (word) => word[0].toUpperCase() + word.slice(1);

// Fetches the channel, by which it can be seen that what was answered before was taken, and that the
// library knows what was shown.
const look = ({channelId}) =>
    client.channels.fetch(channelId, {allowUnknownGuild: !hasGuilds, force: true});

const check = {
    commands: async (interaction) => {
        const known = await client.application.commands.fetch({guildId: DISCORD_GUILD});
        await interaction.reply(known.map(({name, id}) => `${name} ${id}`).join(', '));
    },
    now: (interaction) => interaction.reply(`now, ${interaction.user.username}`),
    later: async (interaction) => {
        await interaction.deferReply();
        await interaction.editReply('later');
    },
    edit: async (interaction) => {
        await interaction.reply('before');
        await interaction.editReply('after');
    },
    follow: async (interaction) => {
        await interaction.reply('first');
        const second = await interaction.followUp({
            content: 'second',
            flags: MessageFlags.Ephemeral,
        });
        await interaction.editReply({message: second, content: 'third'});
    },
    delete: async (interaction) => {
        await interaction.reply('soon gone');
        const second = await interaction.followUp('gone too');
        await interaction.deleteReply(second);
        await interaction.deleteReply();
    },
    complete: (interaction) => interaction.reply(`completed ${interaction.options.getString('word')}`),
    button: async (interaction) => {
        const button = new ButtonBuilder()
            .setCustomId('press')
            .setLabel('Press')
            .setStyle(ButtonStyle.Primary);
        const row = new ActionRowBuilder().addComponents(button);
        await interaction.reply({content: 'a button', components: [row]});
        await look(interaction);
    },
    menu: async (interaction) => {
        const menu = new StringSelectMenuBuilder()
            .setCustomId('pick')
            .setMaxValues(2)
            .addOptions(WORDS.map((word) => ({label: title(word), value: word})));
        const row = new ActionRowBuilder().addComponents(menu);
        await interaction.reply({content: 'a menu', components: [row]});
        await look(interaction);
    },
    form: async (interaction) => {
        const input = new TextInputBuilder()
            .setCustomId('reason')
            .setStyle(TextInputStyle.Paragraph)
            .setMaxLength(200);
        const label = new LabelBuilder().setLabel('Reason').setTextInputComponent(input);
        const form = new ModalBuilder()
            .setCustomId('form')
            .setTitle('A form')
            .addLabelComponents(label);
        await interaction.showModal(form);
        await look(interaction);
    },
    channel: async (interaction) => {
        await interaction.deferReply();
        const channel = await look(interaction);
        const message = await channel.send('sent');
        // By the channel, for the message itself looks for its channel in the cache.
        await channel.messages.edit(message, 'sent and edited');
        const fetched = await channel.messages.fetch({message: message.id, force: true});
        await interaction.editReply(`fetched: ${fetched.content}`);
    },
    layout: (interaction) => {
        const container = new ContainerBuilder()
            .setAccentColor(0x447099)
            .addTextDisplayComponents((text) => text.setContent('in a container'));
        return interaction.reply({components: [container], flags: MessageFlags.IsComponentsV2});
    },
    heartbeat: (interaction) => interaction.reply(client.ws.ping >= 0 ? 'acknowledged' : 'not yet'),
};

function command() {
    const built = new SlashCommandBuilder().setName('check').setDescription('What a client can do');
    for (const name of Object.keys(check)) {
        built.addSubcommand((subcommand) => {
            subcommand.setName(name).setDescription(`Shows ${name}`);
            if (name === 'complete') {
                subcommand.addStringOption((option) =>
                    option
                        .setName('word')
                        .setDescription('A word')
                        .setRequired(true)
                        .setAutocomplete(true),
                );
            }
            return subcommand;
        });
    }
    return built;
}

client.once(Events.ClientReady, async () => {
    if (hasGuilds) {
        await client.application.commands.set([command()], DISCORD_GUILD);
    } else {
        await client.application.commands.create(command(), DISCORD_GUILD);
    }
});

async function take(interaction) {
    if (interaction.isChatInputCommand()) {
        await check[interaction.options.getSubcommand()](interaction);
    } else if (interaction.isAutocomplete()) {
        const fitting = WORDS.filter((word) => word.includes(interaction.options.getFocused()));
        await interaction.respond(fitting.map((word) => ({name: word, value: word})));
    } else if (interaction.isButton()) {
        const content = `pressed by ${interaction.user.username}`;
        await interaction.update({content, components: []});
    } else if (interaction.isStringSelectMenu()) {
        const content = `picked ${interaction.values.join(', ')}`;
        await interaction.update({content, components: []});
    } else if (interaction.isModalSubmit()) {
        await interaction.reply(`filled in: ${interaction.fields.getTextInputValue('reason')}`);
    }
}

client.on(Events.InteractionCreate, (interaction) => take(interaction).catch(console.error));

process.stdin.on('end', () => process.exit()).resume();
console.log(`client discord.js ${version}`);
await client.login(DISCORD_TOKEN);
