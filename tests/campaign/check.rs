//! What must be so in the end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::SystemTime;

use sandbox::Sandbox;
use sandbox::connect::Route;
use sandbox::discord::{ChannelId, Message, REQUESTS, Reply, Who};

use crate::heard::{CHANNELS, is_card, number_of};
use crate::people::Diary;
use crate::plan::Deed;
use crate::rows::{Row, Rows};

/// What was looked at, and what is wrong with it.
#[derive(Default)]
pub(crate) struct Report {
    /// When the bot was killed.
    pub(crate) killed: Vec<SystemTime>,
    pub(crate) requests: usize,
    /// How many of them are for several groups, how many an admin's that nobody decided, and in how
    /// many a kill came between two groups.
    pub(crate) batches: usize,
    pub(crate) direct: usize,
    pub(crate) cut: usize,
    pub(crate) pending: usize,
    /// How often somebody has left a request to others.
    pub(crate) left: usize,
    pub(crate) created: usize,
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

/// Looks at everything. The bot must be running: old buttons are pressed.
pub(crate) async fn check(sandbox: &Sandbox, diary: &Diary, report: &mut Report) {
    let rows = Rows::read(sandbox).await;
    let count = |what: &dyn Fn(&Row) -> bool| rows.requests.iter().filter(|row| what(row)).count();
    report.requests = rows.requests.len();
    report.batches = count(&Row::is_batch);
    report.direct = count(&|row| row.is_direct());
    report.cut = count(&|row| row.was_cut(&report.killed));
    report.pending = count(&|row| row.state == "pending");
    for row in &rows.requests {
        wanted(row, diary, report);
        if row.is_direct() {
            begun(row, diary, report);
        } else {
            decided(row, &rows, diary, report);
        }
        settled(row, report);
    }
    kept(&rows, diary, report);
    left(sandbox, &rows, diary, report);
    groups(sandbox, &rows, report);
    creations(sandbox, report);
    told(sandbox, &rows, report);
    let leftovers = shown(sandbox, &rows, report);
    report.leftovers = leftovers.len();
    press(sandbox, &leftovers, report).await;
    let after = Rows::read(sandbox).await.requests;
    for (before, after) in rows.requests.iter().zip(&after).filter(|(a, b)| a.state != b.state) {
        report.wrong(format!("an old button made {} of request {}", after.state, before.id));
    }
    // A call that is cut short by the kill has no whole body.
    let violations =
        sandbox.violations().into_iter().filter(|text| !text.contains("isn't JSON: EOF"));
    report.violations.extend(violations);
}

/// Is it for groups that its requester wanted, each of them once?
fn wanted(row: &Row, diary: &Diary, report: &mut Report) {
    let mut names = HashSet::new();
    let of = |name: &str| diary.wanted.contains(&(row.maker.cast_unsigned(), name.to_owned()));
    for group in &row.groups {
        if !of(&group.name) || !names.insert(&group.name) {
            report.wrong(format!("request {} is for {}, not wanted so", row.id, group.name));
        }
    }
    if names.is_empty() {
        report.wrong(format!("request {} is for no group", row.id));
    }
}

/// Has what an admin began come to its end, without anybody's decision?
fn begun(row: &Row, diary: &Diary, report: &mut Report) {
    let Row { id, state, requester, decider, .. } = row;
    let is_admins = is_admin(requester.cast_unsigned()) && *decider == Some(*requester);
    let taken: Vec<_> = diary.taken.iter().filter(|(.., number)| number == id).collect();
    if !is_admins || state != "created" || !taken.is_empty() || row.kind == "single" {
        report.wrong(format!(
            "request {id} was begun by {requester} and is {state} by {decider:?}, {taken:?} taken"
        ));
    }
}

fn is_admin(person: u64) -> bool {
    [Who::Admin, Who::SecondAdmin].iter().any(|who| who.id() == person)
}

/// Is the request in the state that its decisions call for, by somebody who may decide it?
fn decided(row: &Row, rows: &Rows, diary: &Diary, report: &mut Report) {
    let Row { id, state, .. } = row;
    let may = |(who, deed, number): &(Who, Deed, i64)| {
        let is_admin = is_admin(who.id());
        number == id
            && match deed {
                Deed::Approve | Deed::Deny => is_admin && !rows.asked(row, *who),
                Deed::Cancel => is_admin || rows.is_in(who.id(), *id),
            }
    };
    let tried: Vec<_> = diary.tried.iter().filter(|deed| may(deed)).collect();
    let taken: Vec<_> = diary.taken.iter().filter(|(.., number)| number == id).collect();
    let by = row.decider.map(i64::cast_unsigned);
    let fits =
        |deed: &(Who, Deed, i64)| may(deed) && deed.1.state() == state && Some(deed.0.id()) == by;
    let right = match state.as_str() {
        // Who cancels while others are in it leaves, and it stays.
        "pending" => tried.iter().all(|(_, deed, _)| *deed == Deed::Cancel) && taken.is_empty(),
        _ => tried.into_iter().any(fits) && taken.len() < 2 && taken.iter().all(|deed| fits(deed)),
    };
    if !right {
        let tried: Vec<_> = diary.tried.iter().filter(|(.., number)| number == id).collect();
        report.wrong(format!(
            "request {id} is {state} by {by:?} after {tried:?}, of which {taken:?} was taken"
        ));
    }
}

/// Has something come of each of its groups exactly if that was to be, once, and is it written down?
fn settled(row: &Row, report: &mut Report) {
    let (fates, is_open): (&[&str], _) = match row.state.as_str() {
        "created" => (&["created", "existed"], false),
        "pending" => (&["waiting"], true),
        _ => (&["waiting"], false),
    };
    for group in &row.groups {
        let is_settled = group.status != "waiting";
        let right = fates.contains(&group.status.as_str())
            && group.open == is_open
            && group.guid.is_some() == is_settled
            && group.settled().count() == usize::from(is_settled);
        if !right {
            report.wrong(format!("request {} is {}, but of it {group:?}", row.id, row.state));
        }
    }
}

/// Is everything there that people were told is there?
fn kept(rows: &Rows, diary: &Diary, report: &mut Report) {
    let has = |row: &Row, name: &str| row.groups.iter().any(|group| group.name == name);
    let asked: HashSet<_> =
        rows.askers.iter().map(|a| (a.person.cast_unsigned(), a.request_id)).collect();
    for (who, group, number) in &diary.asked {
        let is_kept = rows.request(*number).is_some_and(|row| has(row, group))
            && (asked.contains(&(who.id(), *number)) || rows.has_left(who.id(), *number));
        if !is_kept {
            report
                .wrong(format!("{who:?} was told of request {number} for {group}: it isn't there"));
        }
    }
    for (who, group, message) in &diary.begun {
        let mut direct = rows.requests.iter().filter(|row| row.is_direct() && has(row, group));
        let is_kept = direct.any(|row| {
            row.requester.cast_unsigned() == who.id()
                && message.is_none_or(|message| row.message == Some(message.cast_signed()))
        });
        if !is_kept {
            report
                .wrong(format!("{who:?} was told that {group} is begun, at {message:?}: it isn't"));
        }
    }
}

/// Has everybody left who was told so and did nobody else, was nobody told anything who has left, and
/// did nobody take from others what they have asked for, too?
fn left(sandbox: &Sandbox, rows: &Rows, diary: &Diary, report: &mut Report) {
    report.left = rows.left.len();
    for (who, number) in &diary.left {
        if !rows.has_left(who.id(), *number) {
            report.wrong(format!("{who:?} was told that they have left {number}, and haven't"));
        }
    }
    let messages = || CHANNELS.iter().flat_map(|channel| sandbox.discord.messages(*channel));
    for &(person, request) in &rows.left {
        let who = person.cast_unsigned();
        let tried = |(by, deed, number): &(Who, Deed, i64)| {
            by.id() == who && *deed == Deed::Cancel && *number == request
        };
        if !diary.tried.iter().any(tried) {
            report.wrong(format!("<@{person}> has left {request} without a word"));
        }
        let is_told = |message: &Message| {
            message.pings.users.contains(&who) && number_of(&message.content) == Some(request)
        };
        if !rows.is_in(who, request) && messages().any(|message| is_told(&message)) {
            report.wrong(format!("<@{person}> was told of {request}, which they have left"));
        }
    }
    for row in rows.requests.iter().filter(|row| row.state == "cancelled") {
        let by = row.decider.unwrap_or_default();
        let others =
            rows.askers.iter().filter(|a| a.request_id == row.id && a.person != by).count();
        if rows.is_in(by.cast_unsigned(), row.id) && others > 0 {
            report.wrong(format!("<@{by}> took {} from {others} others", row.id));
        }
    }
}

/// Is every group there that was approved or begun, once, and no other?
fn groups(sandbox: &Sandbox, rows: &Rows, report: &mut Report) {
    let mut there: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for group in sandbox.connect.groups() {
        there.entry(group.name).or_default().push(group.guid);
    }
    report.created = there.len();
    let mut approved: HashMap<&str, usize> = HashMap::new();
    for row in rows.requests.iter().filter(|row| row.state == "created") {
        for group in &row.groups {
            *approved.entry(&group.name).or_default() += usize::from(group.status == "created");
            // Who asks at the very moment in which a group comes into being makes a second request,
            // which ends well with the same guid.
            let guids = there.get(&group.name).cloned().unwrap_or_default();
            if guids.len() != 1 || group.guid.as_ref() != guids.first() {
                report.wrong(format!("request {} has {group:?}, Connect {guids:?}", row.id));
            }
        }
    }
    for name in there.keys().filter(|name| !approved.contains_key(name.as_str())) {
        report.wrong(format!("{name} is in Connect, but no request for it was approved"));
    }
    for (name, times) in approved.into_iter().filter(|(_, times)| *times > 1) {
        report.wrong(format!("{times} requests say that they created {name}"));
    }
}

/// Was no creation sent for a group that had been created?
fn creations(sandbox: &Sandbox, report: &mut Report) {
    let mut created = HashMap::new();
    let seen = sandbox.connect.requests();
    for call in seen.into_iter().filter(|seen| seen.route == Some(Route::CreateGroup)) {
        report.creations += 1;
        let body: serde_json::Value = serde_json::from_str(&call.body).unwrap_or_default();
        let ticket = body["temp_ticket"].as_str().unwrap_or_default();
        let Some(name) = sandbox.connect.ticket_name(ticket) else {
            report.wrong("a creation was sent with a ticket that Connect never gave".to_owned());
            continue;
        };
        if let Some(earlier) = created.get(&name) {
            report.wrong(format!(
                "a creation of {name} was sent ({}), which was there already ({earlier})",
                call.correlation_id
            ));
        }
        if call.created.is_some() {
            created.insert(name, call.correlation_id);
        }
    }
}

/// Was everybody told what came of it, where they asked?
fn told(sandbox: &Sandbox, rows: &Rows, report: &mut Report) {
    let mut heard: HashMap<(ChannelId, u64, i64), Vec<String>> = HashMap::new();
    for message in CHANNELS.iter().flat_map(|channel| sandbox.discord.messages(*channel)) {
        let Some(number) = number_of(&message.content) else { continue };
        for person in message.pings.users {
            let of = heard.entry((message.channel, person, number)).or_default();
            of.push(message.content.clone());
        }
    }
    for asker in &rows.askers {
        let (person, request) = (asker.person, asker.request_id);
        let Some(row) = rows.request(request) else { continue };
        let words = match row.state.as_str() {
            "pending" => continue,
            // Who took it back knows.
            "cancelled" if row.decider == Some(person) => continue,
            "created" => "is done",
            "denied" => "was denied",
            _ => "was cancelled",
        };
        let of = heard.get(&(asker.channel.cast_unsigned(), person.cast_unsigned(), request));
        let times = of.map_or(0, |of| of.iter().filter(|text| text.contains(words)).count());
        if times == 0 {
            report.wrong(format!("<@{person}> wasn't told of request {request}, heard {of:?}"));
        }
        report.told_twice += usize::from(times > 1);
    }
}

/// Does every request's message show its row? The messages that show one beside it.
fn shown(sandbox: &Sandbox, rows: &Rows, report: &mut Report) -> Vec<Message> {
    let messages = CHANNELS.iter().flat_map(|channel| sandbox.discord.messages(*channel));
    let mut messages: Vec<_> = messages.filter(is_card).collect();
    for row in &rows.requests {
        let wanted = row.message.map(i64::cast_unsigned);
        let at = messages.iter().position(|message| Some(message.id) == wanted);
        let Some(message) = at.map(|at| messages.remove(at)) else {
            report.wrong(format!("request {} has no message", row.id));
            continue;
        };
        let channel = if row.is_direct() { row.channel.cast_unsigned() } else { REQUESTS };
        let is_home = message.channel == channel
            && row.message_channel.map(i64::cast_unsigned) == Some(channel);
        let mut askers = rows.askers.iter().filter(|asker| asker.request_id == row.id);
        let (words, buttons) = words(row);
        let labels: Vec<_> = message.buttons().into_iter().map(|button| button.label).collect();
        let text = message.text();
        let fits = is_home
            && words.iter().all(|words| text.contains(words))
            && askers.all(|asker| text.contains(&format!("<@{}>", asker.person)))
            && text.contains(&format!("<@{}>", row.requester))
            && labels == buttons;
        if !fits {
            let channel = message.channel;
            report.wrong(format!(
                "request {} is {} with {:?}, but shows {text:?}, {labels:?} in {channel}",
                row.id, row.state, row.groups
            ));
        }
    }
    messages
}

/// What the message of a request must say, and the buttons that it must have.
fn words(row: &Row) -> (Vec<String>, &'static [&'static str]) {
    let total = row.groups.len();
    let mut words: Vec<_> = row.groups.iter().map(|group| format!("`{}`", group.name)).collect();
    if row.is_direct() {
        words.push(" into Connect.\n".to_owned());
    } else {
        words.push(format!(" · request {}\n", row.id));
    }
    match row.state.as_str() {
        "pending" => {
            let which = if row.is_batch() { "all of them" } else { "it" };
            words.push(format!("Approve or deny {which}."));
            return (words, &["Approve", "Deny"]);
        }
        "created" if row.is_batch() => {
            let existed = row.groups.iter().filter(|group| group.status == "existed").count();
            let all = if total == 2 { "Both".to_owned() } else { format!("All {total}") };
            let how =
                if existed == total { "were in Connect already" } else { "are in Connect now" };
            words.push(format!("{all} {how}"));
            for group in &row.groups {
                let outcome = if group.status == "created" { "" } else { " · was there already" };
                let guid = group.guid.as_deref().unwrap_or("no guid");
                words.push(format!("\n✅ `{}` · `{guid}`{outcome}\n", group.name));
            }
        }
        "created" => {
            let guid = row.groups[0].guid.as_deref().unwrap_or("no guid");
            words.push(format!("guid `{guid}`"));
        }
        "denied" => words.push("**Denied**".to_owned()),
        "cancelled" => words.push("**Cancelled**".to_owned()),
        other => words.push(other.to_owned()),
    }
    (words, &[])
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
