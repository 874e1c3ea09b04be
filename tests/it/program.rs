//! The program itself, as a process: its commands, what it prints and its exit codes.

use std::process::{Output, Stdio};
use std::time::Duration;

use insta::assert_snapshot;
use sandbox::connect::{self, Fault, Route, Times};
use sandbox::{Sandbox, discord};
use tokio::process::{Child, Command};

use crate::world::{assert_no_violations, in_time, is_card, sandbox, stand_ins};

pub(crate) const BOT: &str = env!("CARGO_BIN_EXE_ldapgroup-bot");

/// The program with exactly these variables, in a folder without a `.env`.
pub(crate) fn program(arguments: &[&str], variables: &[(&str, String)]) -> Command {
    other_program(BOT, arguments, variables)
}

/// The same of another version of it.
pub(crate) fn other_program(
    path: &str,
    arguments: &[&str],
    variables: &[(&str, String)],
) -> Command {
    let mut command = Command::new(path);
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The program, as soon as it serves people.
pub(crate) async fn serving(sandbox: &Sandbox) -> Child {
    let child = program(&["run"], &sandbox.variables()).spawn().unwrap();
    sandbox.discord.wait_ready().await;
    child
}

pub(crate) async fn output(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = in_time(command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

pub(crate) fn terminate(child: &Child) {
    signal(child, "TERM");
}

pub(crate) fn signal(child: &Child, name: &str) {
    let pid = child.id().unwrap();
    let kill =
        std::process::Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status();
    assert!(kill.unwrap().success());
}

#[tokio::test]
async fn every_problem_of_the_configuration_is_named_at_once_and_no_value_is() {
    let secret = "do-not-print-me".to_owned();
    let variables = [
        ("DISCORD_TOKEN", format!("{secret} {secret}")),
        ("DISCORD_TOKEN_FILE", "/nowhere".to_owned()),
        ("ADMIN_USER_IDS", format!("12,{secret}")),
        ("CONNECT_SERVER", secret.clone()),
        ("CONNECT_API_KEY_FILE", format!("/nowhere/{secret}")),
        ("CONNECT_CA_FILE", format!("/nowhere/{secret}")),
        ("CONNECT_TIMEOUT", "0s".to_owned()),
        ("DATABASE_URL", format!("mysql://root:{secret}@db")),
        ("TICKET_TTL", secret.clone()),
        ("ADMIN_CREATES", secret.clone()),
        ("MAX_OPEN_REQUESTS", "0".to_owned()),
        ("HTTP_ADDR", secret.clone()),
        ("LOG_FORMAT", secret.clone()),
        ("REASON_REQUIRED", secret.clone()),
        ("DISCORD_PUBLIC_KEY", secret.clone()),
        ("RUST_LOG", "=/=".to_owned()),
    ];
    let (code, stdout, stderr) = output(program(&[], &variables)).await;
    assert_eq!((code, stdout.as_str()), (Some(78), ""));
    assert_snapshot!(stderr, @r"
    DISCORD_TOKEN: is set, and so is DISCORD_TOKEN_FILE: keep one of them
    DISCORD_PUBLIC_KEY: must be the public key of 64 hexadecimal digits on the application's page General Information
    DISCORD_GUILD_IDS: is missing
    ADMIN_USER_IDS: must be an id of Discord's, a long number: turn on Developer Mode in Discord's settings (Advanced), then right-click and choose Copy Server ID, Copy Role ID and the like. Separate several by commas
    ADMIN_CREATES: must be direct or approval
    REASON_REQUIRED: must be true or false
    MAX_OPEN_REQUESTS: must be a number from 1 to 1000
    CONNECT_SERVER: isn't a web address; it should look like https://connect.example.com or https://example.com/rsc
    CONNECT_API_KEY_FILE: names a file that doesn't exist
    CONNECT_CA_FILE: names a file that doesn't exist
    CONNECT_TIMEOUT: must be from 1s to 5m
    DATABASE_URL: must be sqlite://PATH, as in sqlite:///var/lib/ldapgroup-bot/ldapgroup.db, or postgres://…
    TICKET_TTL: isn't a duration, as in 90s, 10m or 72h
    HTTP_ADDR: must be an address with a port, as in 127.0.0.1:8080, or off
    LOG_FORMAT: must be text or json
    RUST_LOG: isn't a filter, as in info, debug or info,ldapgroup_bot=debug
    ");
    assert!(!stderr.contains(&secret));
    for arguments in ["run", "check"] {
        let same = output(program(&[arguments], &variables)).await;
        assert_eq!(same, (Some(78), String::new(), stderr.clone()));
    }
}

#[tokio::test]
async fn the_bot_serves_until_sigint_and_exits_with_0() {
    let sandbox = sandbox().await;
    let child = program(&[], &sandbox.variables()).spawn().unwrap();
    sandbox.discord.wait_ready().await;
    let admin = sandbox.discord.person(discord::Who::Admin);
    let answer = admin.slash("search", &[("prefix", "accounting".into())]).await;
    assert!(answer.text().contains("accounting2"));
    signal(&child, "INT");
    let output = in_time(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_no_violations(&sandbox);
}

/// Waits until the program turns newcomers away, which shows that a signal has arrived.
async fn turns_newcomers_away(sandbox: &Sandbox) {
    let member = sandbox.discord.person(discord::Who::Member);
    let is_served = async || {
        let answer = member.slash("search", &[("prefix", "ABE".into())]).await;
        !answer.text().starts_with("The bot is restarting")
    };
    in_time(async { while is_served().await {} }).await;
}

#[tokio::test]
async fn sigterm_lets_a_creation_end() {
    let sandbox = sandbox().await;
    let child = serving(&sandbox).await;
    sandbox.connect.fail(Route::CreateGroup, Fault::Hold, Times::Times(1));
    let admin = sandbox.discord.person(discord::Who::Admin);
    let pending = admin.start_slash("create", &[("name", "accounting2".into())]);
    sandbox.connect.wait_for(1, Route::CreateGroup).await;
    terminate(&child);
    turns_newcomers_away(&sandbox).await;
    sandbox.connect.release();
    let answer = pending.answer().await;
    assert!(answer.text().starts_with("Created `accounting2`"), "{}", answer.text());
    let output = in_time(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_stop_waits_until_who_came_meanwhile_is_answered() {
    // The answer takes longer than all else that a stop waits for, be the machine as busy as it may.
    let patient = discord::Options { answer_within: Duration::from_secs(20), ..Default::default() };
    let sandbox = stand_ins(connect::Options::default(), patient).await;
    let child = serving(&sandbox).await;
    let (admin, member) = (discord::Who::Admin, discord::Who::Member);
    let [admin, member] = [admin, member].map(|who| sandbox.discord.person(who));
    member.slash("create", &[("name", "accounting2".into())]).await;
    let card = sandbox.discord.wait_for_message(discord::REQUESTS, is_card(1, "")).await;
    sandbox.connect.fail(Route::CreateGroup, Fault::Hold, Times::Times(1));
    admin.press(&card, "Approve").await;
    sandbox.connect.wait_for(1, Route::CreateGroup).await;
    terminate(&child);
    turns_newcomers_away(&sandbox).await;
    let (route, fault) = (discord::Route::Callback, discord::Fault::Status(502));
    sandbox.discord.fail(route, fault, discord::Times::Times(4));
    let slow = discord::Fault::Slow(Duration::from_millis(900));
    sandbox.discord.fail(route, slow, discord::Times::Once);
    let pending = member.start_slash("search", &[("prefix", "ABE".into())]);
    let is_refused =
        |request: &discord::Request| request.route == Some(route) && request.status == Some(502);
    sandbox.discord.wait_for_requests(|requests| requests.iter().any(is_refused)).await;
    sandbox.connect.release();
    let answer = pending.answer().await;
    assert!(answer.text().starts_with("The bot is restarting"), "{}", answer.text());
    let output = in_time(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(sandbox.connect.guid_of("accounting2").is_some(), "it was created all the same");
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_refused_token_exits_with_1_and_names_the_variable() {
    let sandbox = sandbox().await;
    sandbox.discord.refuse_token(true);
    let (code, stdout, stderr) = output(program(&["run"], &sandbox.variables())).await;
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("DISCORD_TOKEN: Discord refuses this token"), "{stderr}");
    assert!(!stderr.contains(sandbox.discord.token()));
}

#[tokio::test]
async fn a_token_that_the_gateway_refuses_exits_with_1() {
    let sandbox = sandbox().await;
    let child = serving(&sandbox).await;
    sandbox.discord.close_gateway(4004);
    let output = in_time(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("DISCORD_TOKEN: Discord refuses this token"), "{stderr}");
}

#[tokio::test]
async fn a_close_that_is_final_exits_with_1() {
    for code in [4010, 4012, 4014] {
        let sandbox = sandbox().await;
        let child = serving(&sandbox).await;
        sandbox.discord.close_gateway(code);
        let output = in_time(child.wait_with_output()).await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(&format!("for good, with code {code}")), "{stderr}");
        assert_eq!(sandbox.discord.identifies(), 1);
    }
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let sandbox = sandbox().await;
    let child = serving(&sandbox).await;
    sandbox.connect.fail(Route::CreateGroup, Fault::Hold, Times::Always);
    let admin = sandbox.discord.person(discord::Who::Admin);
    let pending = admin.start_slash("create", &[("name", "accounting2".into())]);
    sandbox.connect.wait_for(1, Route::CreateGroup).await;
    terminate(&child);
    turns_newcomers_away(&sandbox).await;
    terminate(&child);
    let output = in_time(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    drop(pending);
}

#[tokio::test]
async fn wrong_usage_is_no_group_in_use() {
    let (code, stdout, stderr) = output(program(&["create"], &[])).await;
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("<NAME>"), "{stderr}");
}

#[tokio::test]
async fn who_has_set_nothing_yet_is_told_how_to_begin() {
    let said = async |arguments: &[&str], variables: &[(&str, &str)], file: Option<&str>| {
        let folder = tempfile::tempdir().unwrap();
        if let Some(file) = file {
            std::fs::write(folder.path().join(".env"), file).unwrap();
        }
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let mut command = program(arguments, &variables);
        command.current_dir(folder.path());
        output(command).await.2
    };
    let bare = said(&["check"], &[("RUST_LOG", "info")], None).await;
    assert_snapshot!(bare, @r"
    DISCORD_TOKEN: is missing (or name a file in DISCORD_TOKEN_FILE)
    DISCORD_GUILD_IDS: is missing
    ADMIN_ROLE_IDS: is missing: the roles whose members are admins (or set ADMIN_USER_IDS)
    CONNECT_SERVER: is missing
    CONNECT_API_KEY: is missing (or name a file in CONNECT_API_KEY_FILE)
    .env: isn't in the folder where this is run, and none of these is set: copy .env.example there as .env, chmod 600 .env, and fill it in
    ");
    assert_snapshot!(said(&["search", "ABE"], &[], None).await, @r"
    CONNECT_SERVER: is missing
    CONNECT_API_KEY: is missing (or name a file in CONNECT_API_KEY_FILE)
    .env: isn't in the folder where this is run, and none of these is set: copy .env.example there as .env, chmod 600 .env, and fill it in
    ");
    let how = ".env: isn't";
    let key = ("CONNECT_API_KEY", "key");
    for (arguments, variables, file) in [
        // Whoever has begun knows where.
        (&["check"][..], &[key][..], None),
        (&["check"], &[("CONNECT_API_KEYS", "key")], None),
        (&["check"], &[], Some("")),
        // Nothing need be set for this.
        (&["healthcheck"], &[("HTTP_ADDR", "somewhere")], None),
    ] {
        let said = said(arguments, variables, file).await;
        assert!(!said.is_empty() && !said.contains(how), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn a_folder_in_place_of_the_settings_file_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".env")).unwrap();
    let mut command = program(&["check"], &[]);
    command.current_dir(folder.path());
    let (code, _, stderr) = output(command).await;
    assert_eq!(code, Some(78));
    assert!(stderr.starts_with(".env: can't be read; check its owner"), "{stderr}");
}

#[tokio::test]
async fn a_line_of_the_settings_file_that_cannot_be_read_is_named_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let read = async |file: &[u8]| {
        std::fs::write(folder.path().join(".env"), file).unwrap();
        let mut command = program(&["search", "ABE"], &[]);
        command.current_dir(folder.path());
        let (code, _, stderr) = output(command).await;
        assert_eq!(code, Some(1));
        stderr
    };
    let file = "hush hush\n\n# a comment\nCONNECT_SERVER='https://connect.example.com\n'\n\
                CONNECT_API_KEY=hush hush\nLOG_FORMAT=\"hush\nhush\n";
    assert_snapshot!(read(file.as_bytes()).await, @r"
    .env:1: isn't of the form NAME=value: a value with spaces or # needs quotes, and quotes an end; ids, keys and tokens have none of these
    .env:6: isn't of the form NAME=value: a value with spaces or # needs quotes, and quotes an end; ids, keys and tokens have none of these
    .env:7: isn't of the form NAME=value: a value with spaces or # needs quotes, and quotes an end; ids, keys and tokens have none of these
    CONNECT_API_KEY: is missing (or name a file in CONNECT_API_KEY_FILE)
    ");
    assert_snapshot!(read(b"CONNECT_API_KEY=a\nCONNECT_SERVER=\xff\n").await, @r"
    .env:2: isn't UTF-8 text
    CONNECT_SERVER: is missing
    ");
}

#[tokio::test]
async fn a_mistyped_setting_is_told_with_what_is_meant_and_never_its_value() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().unwrap();
    let file = "DISCORD_TOKENS=hush\nDISCORD_WEBHOOK=hush\nCOMPOSE_PROJECT_NAME=hush\n";
    std::fs::write(folder.path().join(".env"), file).unwrap();
    let mut variables = sandbox.variables();
    variables.extend([("ALOWED_CHANNEL_IDS", "hush".to_owned()), ("LANG", "C".to_owned())]);
    let mut command = program(&["check"], &variables);
    command.current_dir(folder.path());
    let (code, stdout, _) = output(command).await;
    let warnings: Vec<_> = stdout.lines().filter(|line| line.starts_with("warn")).collect();
    assert_eq!(code, Some(0));
    assert_snapshot!(warnings.join("\n"), @r"
    warn  ALOWED_CHANNEL_IDS: isn't a setting, and does nothing; is ALLOWED_CHANNEL_IDS meant?
    warn  DISCORD_TOKENS: isn't a setting, and does nothing; is DISCORD_TOKEN meant?
    warn  DISCORD_WEBHOOK: isn't a setting, and does nothing; take it out
    ");
    let mut command = program(&["run"], &variables);
    let child = command.current_dir(folder.path()).spawn().unwrap();
    sandbox.discord.wait_ready().await;
    terminate(&child);
    let output = in_time(child.wait_with_output()).await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    for warning in warnings {
        assert!(log.contains(warning.strip_prefix("warn  ").unwrap()), "{warning} {log}");
    }
    assert!(!log.contains("hush") && !stdout.contains("hush"));
    variables.retain(|(name, _)| *name != "DISCORD_TOKEN");
    let mut command = program(&["check"], &variables);
    let output = command.current_dir(folder.path()).output().await.unwrap();
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @r"
    DISCORD_TOKEN: is missing (or name a file in DISCORD_TOKEN_FILE)
    ALOWED_CHANNEL_IDS: isn't a setting, and does nothing; is ALLOWED_CHANNEL_IDS meant?
    DISCORD_TOKENS: isn't a setting, and does nothing; is DISCORD_TOKEN meant?
    DISCORD_WEBHOOK: isn't a setting, and does nothing; take it out
    ");
}

#[cfg(not(feature = "sandbox"))]
#[tokio::test]
async fn a_program_without_the_sandbox_says_how_to_get_one() {
    let (code, stdout, stderr) = output(program(&["sandbox", "--port", "1"], &[])).await;
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_snapshot!(stderr, @"This program was built without the sandbox. In its source folder, cargo sandbox builds and starts one that has it.");
}

#[tokio::test]
async fn a_server_without_the_bot_exits_with_1_and_says_how_to_invite_it() {
    let sandbox = sandbox().await;
    let mut variables = sandbox.variables();
    variables.retain(|(name, _)| *name != "DISCORD_GUILD_IDS");
    variables.push(("DISCORD_GUILD_IDS", discord::STRANGE_GUILD.to_string()));
    let (code, _, stderr) = output(program(&["run"], &variables)).await;
    assert_eq!(code, Some(1));
    let invitation = format!(
        "client_id={}&permissions=274877991936&scope=bot+applications.commands",
        discord::APPLICATION
    );
    assert!(stderr.contains("DISCORD_GUILD_IDS: the bot isn't in server"), "{stderr}");
    assert!(stderr.contains(&invitation), "{stderr}");
}

#[tokio::test]
async fn settings_are_read_from_a_file_and_the_environment_goes_first() {
    let sandbox = sandbox().await;
    let mut command = program(&["search", "ABE"], &[("CONNECT_SERVER", sandbox.connect.url())]);
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, format!("{}\n", sandbox.connect.api_key())).unwrap();
    let file = format!(
        "# settings\nCONNECT_SERVER=https://not.used.invalid\nCONNECT_API_KEY_FILE={}\n",
        key.display()
    );
    std::fs::write(folder.path().join(".env"), file).unwrap();
    command.current_dir(folder.path());
    let (code, stdout, stderr) = output(command).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("ABE-TEST"));
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn help_and_version_are_there() {
    let (code, stdout, _) = output(program(&["--help"], &[])).await;
    assert_eq!(code, Some(0));
    for command in ["run", "check", "search", "create", "backup", "export"] {
        assert!(stdout.contains(command), "{stdout}");
    }
    let (code, stdout, _) = output(program(&["--version"], &[])).await;
    let version = format!("ldapgroup-bot {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((code, stdout), (Some(0), version));
}
