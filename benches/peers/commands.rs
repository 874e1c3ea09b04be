//! How the peers are run: by what `tests/clients/install peers` brings.

use std::path::PathBuf;
use std::process::Command;

use sandbox::Sandbox;

/// The same two commands with a library of another language.
pub(crate) struct Peer {
    /// The library's name.
    pub(crate) name: &'static str,
    /// The program, from the root of the repository.
    pub(crate) script: &'static str,
    runner: fn() -> Command,
    /// What makes the runner say the releases of the library and of itself.
    to_say_releases: [&'static str; 2],
}

pub(crate) const PEERS: [Peer; 2] = [
    Peer {
        name: "discord.py",
        script: "benches/peers/discord_py.py",
        runner: python,
        to_say_releases: [
            "-c",
            "import discord, platform as on; print(discord.__version__, 'Python', on.python_version())",
        ],
    },
    Peer {
        name: "discord.js",
        script: "benches/peers/discord_js.cjs",
        runner: node,
        to_say_releases: [
            "-p",
            "`${require('discord.js').version} Node.js ${process.versions.node}`",
        ],
    },
];

impl Peer {
    /// Runs it.
    pub(crate) fn command(&self) -> Command {
        let mut command = (self.runner)();
        command.arg(at(self.script));
        command
    }

    /// Says the release of the library, and what runs it.
    pub(crate) fn releases(&self) -> Command {
        let mut command = (self.runner)();
        command.args(self.to_say_releases);
        command
    }
}

/// What was refused, or sent to Connect against its description. What the libraries tell Discord of their
/// own accord and Discord passes over isn't the programs' fault.
pub(crate) fn refused(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.discord.requests().into_iter();
    let refused = requests.filter(|seen| seen.status.is_some_and(|status| status >= 400));
    let refused = refused.map(|seen| format!("{} {}: {}", seen.method, seen.path, seen.body));
    sandbox.connect.violations().into_iter().chain(refused).collect()
}

fn python() -> Command {
    Command::new(at("target/clients/discord/bin/python"))
}

fn node() -> Command {
    let mut command = Command::new("node");
    command.env("NODE_PATH", at("tests/clients/discord/node_modules"));
    command
}

/// A path from the root of the repository.
fn at(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), path].iter().collect()
}
