//! A disk that takes no more, as a process sees it.

use std::process::Stdio;

use tokio::process::Command;

/// What `sh` runs, so that the program after it gets an error when it writes more than [`limit`]
/// allows, as on a full disk, and isn't killed for it.
pub(crate) const UNHARMED: &str = "trap '' XFSZ; exec \"$0\"";

/// How large the process may make a file, from now on. It may be dead by then.
pub(crate) async fn limit(process: u32, bytes: &str) {
    let process = format!("--pid={process}");
    let mut command = Command::new("prlimit");
    command.args([process, format!("--fsize={bytes}:unlimited")]).stderr(Stdio::null());
    command.status().await.unwrap();
}
