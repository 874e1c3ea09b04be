//! The stand-ins and the page alone, for a bot that runs elsewhere on this machine: in a container,
//! as a service. Prints the page's address, then the variables as a file for `--env-file`.

use std::error::Error;
use std::io::{self, Write};

use sandbox::web::Web;
use sandbox::{Sandbox, connect, discord};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut stopped = signal(SignalKind::terminate())?;
    let sandbox = Sandbox::start(connect::Options::default(), discord::Options::default()).await?;
    let page = Web::start(&sandbox, 0).await?;
    let mut out = io::stdout();
    writeln!(out, "# {}", page.url())?;
    for (name, value) in sandbox.variables() {
        // Where the bot's files are is its own business.
        if name != "DATABASE_URL" {
            writeln!(out, "{name}={value}")?;
        }
    }
    stopped.recv().await;
    for violation in sandbox.violations() {
        writeln!(out, "# not allowed: {violation}")?;
    }
    Ok(())
}
