//! What must be so in the end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox::Sandbox;
use sandbox::connect::Route;
use sandbox::discord::{ChannelId, Message, REQUESTS, Reply, Who};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, FromRow};
use tokio::time::{Instant, sleep};

use crate::people::{Diary, number_of};
use crate::plan::Deed;

/// How long after the last creation was due everything may take to be settled.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request as the bot's database has it.
#[derive(FromRow)]
struct Row {
    id: i64,
    name: String,
    state: String,
    requester: i64,
    decider: Option<i64>,
    guid: Option<String>,
    message: Option<i64>,
}

/// Who asked, as the bot's database has it.
#[derive(FromRow)]
struct Asker {
    request: i64,
    person: i64,
    channel: i64,
}

/// What was looked at, and what is wrong with it.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) requests: usize,
    pub(crate) created: usize,
    pub(crate) pending: usize,
    pub(crate) creations: usize,
    pub(crate) leftovers: usize,
    pub(crate) told_twice: usize,
    pub(crate) violations: Vec<String>,
}

impl Report {
    fn wrong(&mut self, what: String) {
        self.violations.push(what);
    }
}

async fn open(sandbox: &Sandbox) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(sandbox.database()).read_only(true);
    options.connect().await.unwrap()
}

/// Waits until nothing is left to be done. `false` if that takes too long.
pub(crate) async fn settled(sandbox: &Sandbox) -> bool {
    let mut database = open(sandbox).await;
    let due: Option<i64> =
        sqlx::query_scalar("SELECT MAX(due) FROM requests").fetch_one(&mut database).await.unwrap();
    let due = UNIX_EPOCH + Duration::from_millis(due.unwrap_or_default().cast_unsigned());
    let wait = due.duration_since(SystemTime::now()).unwrap_or_default();
    let deadline = Instant::now() + wait + PATIENCE;
    let sql = "SELECT (SELECT COUNT(*) FROM requests WHERE state = 'creating' OR shown <> version) \
         + (SELECT COUNT(*) FROM people p JOIN requests r ON r.id = p.request \
            WHERE r.state <> 'pending' AND (p.told IS NULL OR p.told <> r.state))";
    while Instant::now() < deadline {
        let left: i64 = sqlx::query_scalar(sql).fetch_one(&mut database).await.unwrap();
        if left == 0 {
            return true;
        }
        sleep(Duration::from_millis(100)).await;
    }
    false
}

/// Looks at everything. The bot must be running: old buttons are pressed.
pub(crate) async fn check(sandbox: &Sandbox, diary: &Diary, report: &mut Report) {
    let (rows, askers) = read(sandbox).await;
    report.requests = rows.len();
    report.pending = rows.iter().filter(|row| row.state == "pending").count();
    for row in &rows {
        decided(row, &askers, diary, report);
    }
    kept(&rows, &askers, diary, report);
    groups(sandbox, &rows, report);
    creations(sandbox, report);
    told(sandbox, &rows, &askers, report);
    let leftovers = shown(sandbox, &rows, &askers, report);
    report.leftovers = leftovers.len();
    press(sandbox, &leftovers, report).await;
    let (after, _) = read(sandbox).await;
    for (before, after) in rows.iter().zip(&after).filter(|(a, b)| a.state != b.state) {
        report.wrong(format!("an old button made {} of request {}", after.state, before.id));
    }
    // A call that is cut short by the kill has no whole body.
    let violations =
        sandbox.violations().into_iter().filter(|text| !text.contains("isn't JSON: EOF"));
    report.violations.extend(violations);
}

async fn read(sandbox: &Sandbox) -> (Vec<Row>, Vec<Asker>) {
    let mut database = open(sandbox).await;
    let rows = sqlx::query_as("SELECT * FROM requests ORDER BY id").fetch_all(&mut database);
    let rows = rows.await.unwrap();
    let askers = sqlx::query_as("SELECT * FROM people").fetch_all(&mut database).await.unwrap();
    (rows, askers)
}

/// Is the request in the state that its decisions call for, by somebody who may decide it?
fn decided(row: &Row, askers: &[Asker], diary: &Diary, report: &mut Report) {
    let Row { id, state, .. } = row;
    let asked =
        |who: Who| askers.iter().any(|a| a.request == *id && a.person.cast_unsigned() == who.id());
    let may = |(who, deed, number): &(Who, Deed, i64)| {
        let is_admin = matches!(who, Who::Admin | Who::SecondAdmin);
        number == id
            && match deed {
                Deed::Approve | Deed::Deny => is_admin && !asked(*who),
                Deed::Cancel => is_admin || row.requester.cast_unsigned() == who.id(),
            }
    };
    let tried: Vec<_> = diary.tried.iter().filter(|deed| may(deed)).collect();
    let taken: Vec<_> = diary.taken.iter().filter(|(.., number)| number == id).collect();
    let by = row.decider.map(i64::cast_unsigned);
    let fits =
        |deed: &(Who, Deed, i64)| may(deed) && deed.1.state() == state && Some(deed.0.id()) == by;
    let right = match state.as_str() {
        "pending" => tried.is_empty() && taken.is_empty(),
        _ => tried.into_iter().any(fits) && taken.len() < 2 && taken.iter().all(|deed| fits(deed)),
    };
    if !right {
        let tried: Vec<_> = diary.tried.iter().filter(|(.., number)| number == id).collect();
        report.wrong(format!(
            "request {id} is {state} by {by:?} after {tried:?}, of which {taken:?} was taken"
        ));
    }
}

/// Is everything there that people were told is there?
fn kept(rows: &[Row], askers: &[Asker], diary: &Diary, report: &mut Report) {
    let by_id: HashMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
    let asked: HashSet<_> = askers.iter().map(|a| (a.person.cast_unsigned(), a.request)).collect();
    for (who, group, number) in &diary.asked {
        let is_kept = by_id.get(number).is_some_and(|row| row.name == *group)
            && asked.contains(&(who.id(), *number));
        if !is_kept {
            report
                .wrong(format!("{who:?} was told of request {number} for {group}: it isn't there"));
        }
    }
}

/// Is every group there that was approved, once, and no other?
fn groups(sandbox: &Sandbox, rows: &[Row], report: &mut Report) {
    let mut there: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in sandbox.connect.groups() {
        there.entry(group.name).or_default().push(group.guid);
    }
    let mut approved = HashSet::new();
    for row in rows.iter().filter(|row| row.state == "created") {
        report.created += 1;
        approved.insert(row.name.clone());
        // Who asks at the very moment in which a group comes into being makes a second request, which
        // ends well with the same guid.
        let guids = there.get(&row.name).cloned().unwrap_or_default();
        if guids.len() != 1 || row.guid.as_ref() != guids.first() {
            report.wrong(format!("request {} has guid {:?}, Connect {guids:?}", row.id, row.guid));
        }
    }
    for name in there.keys().filter(|name| !approved.contains(*name)) {
        report.wrong(format!("{name} is in Connect, but no request for it was approved"));
    }
}

/// Was no creation sent for a group that had been created?
fn creations(sandbox: &Sandbox, report: &mut Report) {
    let mut created = HashSet::new();
    let seen = sandbox.connect.requests();
    for call in seen.into_iter().filter(|seen| seen.route == Some(Route::CreateGroup)) {
        report.creations += 1;
        let body: serde_json::Value = serde_json::from_str(&call.body).unwrap_or_default();
        let ticket = body["temp_ticket"].as_str().unwrap_or_default();
        let Some(name) = sandbox.connect.ticket_name(ticket) else {
            report.wrong("a creation was sent with a ticket that Connect never gave".to_owned());
            continue;
        };
        if created.contains(&name) {
            report.wrong(format!("a creation of {name} was sent, which was there already"));
        }
        if call.created.is_some() {
            created.insert(name);
        }
    }
}

/// Was everybody told what came of it, where they asked?
fn told(sandbox: &Sandbox, rows: &[Row], askers: &[Asker], report: &mut Report) {
    let by_id: HashMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
    let mut heard: HashMap<(ChannelId, u64, i64), Vec<String>> = HashMap::new();
    for channel in askers.iter().map(|a| a.channel.cast_unsigned()).collect::<HashSet<_>>() {
        for message in sandbox.discord.messages(channel) {
            let Some(number) = number_of(&message.content) else { continue };
            for person in message.pings.users {
                let of = heard.entry((channel, person, number)).or_default();
                of.push(message.content.clone());
            }
        }
    }
    for Asker { request, person, channel } in askers {
        let row = by_id[request];
        let words = match row.state.as_str() {
            "pending" => continue,
            // Who took it back knows.
            "cancelled" if row.decider == Some(*person) => continue,
            "created" => "is done",
            "denied" => "was denied",
            _ => "was cancelled",
        };
        let of = heard.get(&(channel.cast_unsigned(), person.cast_unsigned(), *request));
        let times = of.map_or(0, |of| of.iter().filter(|text| text.contains(words)).count());
        if times == 0 {
            report.wrong(format!("<@{person}> wasn't told of request {request}, heard {of:?}"));
        }
        report.told_twice += usize::from(times > 1);
    }
}

/// Does every request's message show its row? The messages that show one beside it.
fn shown(sandbox: &Sandbox, rows: &[Row], askers: &[Asker], report: &mut Report) -> Vec<Message> {
    let mut messages = sandbox.discord.messages(REQUESTS);
    for row in rows {
        let wanted = row.message.map(i64::cast_unsigned);
        let at = messages.iter().position(|message| Some(message.id) == wanted);
        let Some(message) = at.map(|at| messages.remove(at)) else {
            report.wrong(format!("request {} has no message", row.id));
            continue;
        };
        let (words, buttons): (_, &[&str]) = match row.state.as_str() {
            "pending" => ("Approve or deny it before", &["Approve", "Deny"]),
            "created" => (row.guid.as_deref().unwrap_or("no guid"), &[]),
            "denied" => ("**Denied**", &[]),
            "cancelled" => ("**Cancelled**", &[]),
            other => (other, &[]),
        };
        let people = askers.iter().filter(|asker| asker.request == row.id);
        let mut names = people.map(|asker| format!("<@{}>", asker.person));
        let labels: Vec<_> = message.buttons().into_iter().map(|button| button.label).collect();
        let fits = message.content.starts_with(&format!("**Request {}**", row.id))
            && message.content.contains(&row.name)
            && message.content.contains(words)
            && names.all(|name| message.content.contains(&name))
            && labels == buttons;
        if !fits {
            let text = message.content;
            report.wrong(format!(
                "request {} is {}, but shows {text:?}, {labels:?}",
                row.id, row.state
            ));
        }
    }
    messages
        .retain(|message| number_of(&message.content).is_some() && message.pings.users.is_empty());
    messages
}

/// No button of a message that doesn't count may do anything.
async fn press(sandbox: &Sandbox, leftovers: &[Message], report: &mut Report) {
    for message in leftovers {
        for button in message.buttons() {
            let admin = sandbox.discord.person(Who::SecondAdmin);
            let reply = admin.press(message, &button.label).await.reply;
            let is_refused = matches!(&reply, Reply::Message { message, .. }
                if message.content.contains("out of date"));
            if !is_refused {
                report.wrong(format!("{:?} of message {} did {reply:?}", button.label, message.id));
            }
        }
    }
}
