//! The log of the program when nobody reads it.

use std::time::Duration;

use sandbox::{Sandbox, connect, discord};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Child;

use crate::program::{serving, terminate};
use crate::world::{assert_no_violations, in_time, stand_ins};

/// The log writes each of them out, in a line of 30 KB.
fn names() -> impl Iterator<Item = String> {
    (0..80).map(|number| format!("{number:02}{}", "\u{202e}".repeat(3750)))
}

/// The bot with a full pipe for its log. Everybody was answered all the same.
async fn unread() -> (Sandbox, Child) {
    let (groups, imported) = (names().collect(), Vec::new());
    let options = connect::Options { groups, imported, ..connect::Options::default() };
    // How soon a busy machine answers isn't what this is about.
    let answer_within = Duration::from_secs(20);
    let patient = discord::Options { answer_within, ..discord::Options::default() };
    let sandbox = stand_ins(options, patient).await;
    let child = serving(&sandbox).await;
    let admin = sandbox.discord.person(discord::Who::Admin);
    for (number, name) in names().enumerate() {
        let answer = admin.slash("create", &[("name", name.into())]).await;
        let is_there = matches!(answer.reply, discord::Reply::Message { .. });
        assert!(is_there, "{number}: {:?}", answer.reply);
        assert!(answer.text().starts_with("Created "), "{}", answer.text());
    }
    (sandbox, child)
}

#[tokio::test]
async fn a_log_that_is_read_again_says_how_many_of_its_lines_were_dropped() {
    let (sandbox, mut child) = unread().await;
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut created = 0;
    let dropped: usize = in_time(async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            created += usize::from(line.contains(" created "));
            if let Some((before, _)) = line.split_once(" lines of the log were dropped") {
                break before.rsplit(' ').next().unwrap().parse().unwrap();
            }
        }
    })
    .await;
    // A creation is three lines, of which one may have been written.
    assert!(
        dropped >= 2 * (80 - created) - 1 && created < 80,
        "{created} created, {dropped} dropped"
    );
    terminate(&child);
    let mut last = String::new();
    while let Some(line) = in_time(lines.next_line()).await.unwrap() {
        last = line;
    }
    assert!(last.ends_with("stopped"), "{last}");
    assert_eq!(in_time(child.wait()).await.unwrap().code(), Some(0));
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_log_that_nobody_reads_keeps_no_stop_waiting() {
    let (sandbox, mut child) = unread().await;
    terminate(&child);
    assert_eq!(in_time(child.wait()).await.unwrap().code(), Some(0));
    let mut written = String::new();
    child.stderr.take().unwrap().read_to_string(&mut written).await.unwrap();
    assert!(written.contains(" created "), "{written}");
    assert_no_violations(&sandbox);
}
