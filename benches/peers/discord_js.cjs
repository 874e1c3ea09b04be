// Search and create with discord.js, as https://discordjs.guide shows how to write a bot.

const {Client, Events, GatewayIntentBits, MessageFlags, SlashCommandBuilder} = require('discord.js');

const {env} = process;
const GUILDS = env.DISCORD_GUILD_IDS.split(',');
const ADMIN_ROLES = env.ADMIN_ROLE_IDS.split(',');
const MAX_CONTENT = 2000;
const TICKET_TTL = 600_000;

// The latest search of each channel, with its tickets.
const latest = new Map();

async function connect(interaction, method, path, body) {
    const response = await fetch(`${env.CONNECT_SERVER}/__api__/v1/${path}`, {
        method,
        headers: {
            Authorization: `Key ${env.CONNECT_API_KEY}`,
            'Content-Type': 'application/json',
            'X-Correlation-ID': interaction.id,
        },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
    });
    const answer = await response.json();
    if (!response.ok) {
        throw new Error(answer.error);
    }
    return answer;
}

async function search(interaction, prefix) {
    const query = new URLSearchParams({prefix, limit: 500});
    const {results} = await connect(interaction, 'GET', `groups/remote?${query}`);
    latest.set(interaction.channelId, {taken: Date.now(), groups: results});
    return results;
}

function remembered(interaction) {
    const found = latest.get(interaction.channelId);
    return found && Date.now() - found.taken < TICKET_TTL ? found.groups : [];
}

async function find(interaction, name) {
    const isIt = (group) => group.name === name;
    return remembered(interaction).find(isIt) ?? (await search(interaction, name)).find(isIt);
}

// As many groups as fit one message.
function table(groups) {
    const width = Math.max(4, ...groups.map(({name}) => name.length));
    const rows = [{name: 'NAME', guid: 'GUID'}, ...groups];
    let text = '```\n';
    for (const {name, guid} of rows) {
        const line = `${name.padEnd(width)}  ${guid ?? 'NULL'}\n`;
        if (text.length + line.length + 3 > MAX_CONTENT) {
            break;
        }
        text += line;
    }
    return `${text}\`\`\``;
}

const commands = {
    search: async (interaction) => {
        const prefix = interaction.options.getString('prefix');
        await interaction.deferReply();
        const groups = await search(interaction, prefix);
        const none = `No LDAP group begins with \`${prefix}\`.`;
        await interaction.editReply(groups.length ? table(groups) : none);
    },
    create: async (interaction) => {
        if (!interaction.member.roles.cache.hasAny(...ADMIN_ROLES)) {
            const flags = MessageFlags.Ephemeral;
            await interaction.reply({content: 'Only admins create groups.', flags});
            return;
        }
        const name = interaction.options.getString('name');
        await interaction.deferReply();
        const group = await find(interaction, name);
        if (!group) {
            await interaction.editReply(`No LDAP group is called \`${name}\`.`);
        } else if (group.guid) {
            const said = 'The requested group name is already in use.';
            await interaction.editReply(`${said} guid \`${group.guid}\``);
        } else {
            const ticket = {temp_ticket: group.temp_ticket};
            const created = await connect(interaction, 'PUT', 'groups', ticket);
            await interaction.editReply(`\`${created.name}\` is created, guid \`${created.guid}\``);
        }
    },
};

async function suggest(interaction) {
    const typed = interaction.options.getFocused().toLowerCase();
    const fitting = remembered(interaction)
        .map(({name}) => name)
        .filter((name) => name.toLowerCase().includes(typed));
    await interaction.respond(fitting.slice(0, 25).map((name) => ({name, value: name})));
}

async function run(interaction) {
    try {
        await commands[interaction.options.getSubcommand()](interaction);
    } catch (error) {
        console.error(error);
        await interaction.editReply(`It failed: ${error.message}`);
    }
}

const command = new SlashCommandBuilder()
    .setName('ldapgroup')
    .setDescription('LDAP groups and Posit Connect')
    .addSubcommand((subcommand) =>
        subcommand
            .setName('search')
            .setDescription('Find LDAP groups')
            .addStringOption((option) =>
                option
                    .setName('prefix')
                    .setDescription('What the name begins with')
                    .setRequired(true),
            ),
    )
    .addSubcommand((subcommand) =>
        subcommand
            .setName('create')
            .setDescription('Create a group')
            .addStringOption((option) =>
                option
                    .setName('name')
                    .setDescription('The whole name')
                    .setRequired(true)
                    .setAutocomplete(true),
            ),
    );

const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    allowedMentions: {parse: []},
    // It would take no more than 50 edits of answers a second, which Discord doesn't count.
    rest: {api: `${env.DISCORD_API_URL}/api`, globalRequestsPerSecond: Number.MAX_SAFE_INTEGER},
});

client.once(Events.ClientReady, async () => {
    for (const guild of GUILDS) {
        await client.application.commands.set([command], guild);
    }
});

client.on(Events.InteractionCreate, (interaction) => {
    const work = interaction.isAutocomplete() ? suggest(interaction) : run(interaction);
    work.catch(console.error);
});

// So that it doesn't outlive what measures it.
process.stdin.on('end', () => process.exit()).resume();
client.login(env.DISCORD_TOKEN);
