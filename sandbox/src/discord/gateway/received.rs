//! What bots send.
//! <https://discord.com/developers/docs/events/gateway-events#send-events>

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use tokio::time::{Duration, Instant};

use super::{
    Moment, close,
    connection::{Connection, End, frame},
    events, intent,
};
use crate::discord::{
    Change,
    sessions::{Resumption, Start, Wishes},
};

/// The longest frame that a bot may send, in bytes.
const LONGEST: usize = 4096;

/// How many frames a bot may send in [`MINUTE`].
const MOST: usize = 120;
const MINUTE: Duration = Duration::from_mins(1);

/// What IDENTIFY says.
/// <https://discord.com/developers/docs/events/gateway-events#identify-identify-structure>
#[derive(Deserialize)]
struct Identify {
    token: String,
    intents: i64,
    properties: Map<String, Value>,
    compress: Option<bool>,
    large_threshold: Option<u64>,
    shard: Option<Value>,
    /// Taken as it is: nobody sees the bot's status.
    #[serde(rename = "presence")]
    _presence: Option<Map<String, Value>>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// What RESUME says.
#[derive(Deserialize)]
struct Resume {
    token: String,
    session_id: String,
    seq: u64,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Connection {
    pub(super) async fn receive(&mut self, bytes: &[u8]) -> Result<(), End> {
        let now = Instant::now();
        while self.received.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            self.received.pop_front();
        }
        self.received.push_back(now);
        if self.received.len() > MOST {
            return Err(self.refuse(close::RATE_LIMITED, "more than 120 frames in 60 s"));
        }
        if bytes.len() > LONGEST {
            return Err(self.refuse(close::DECODE, "a frame has more than 4096 bytes"));
        }
        let Ok(frame) = serde_json::from_slice::<Value>(bytes) else {
            return Err(self.refuse(close::DECODE, "a frame isn't JSON"));
        };
        let done = self.take(frame["op"].as_u64(), &frame["d"]).await;
        self.shared.touch();
        done
    }

    async fn take(&mut self, op: Option<u64>, data: &Value) -> Result<(), End> {
        match op {
            Some(1) => self.beat(data).await,
            Some(2) => self.identify(data).await,
            Some(6) => self.resume(data).await,
            Some(op @ (3 | 4 | 8 | 31 | 43)) => self.let_pass(op, data),
            Some(_) | None => Err(self.refuse(close::UNKNOWN_OPCODE, "an op that bots don't send")),
        }
    }

    /// Takes a presence, a voice state, or a request for members, sounds or channels. Nothing comes of
    /// it.
    fn let_pass(&self, op: u64, data: &Value) -> Result<(), End> {
        if !self.is_identified() {
            let problem = format!("op {op} before IDENTIFY");
            return Err(self.refuse(close::NOT_AUTHENTICATED, &problem));
        }
        // https://github.com/discord/discord-api-docs/issues/2226
        let presence = ["since", "activities", "status"];
        if op == 3 && presence.iter().any(|field| data.get(field).is_none()) {
            return Err(self.refuse(close::UNKNOWN_OPCODE, "a presence lacks a field"));
        }
        Ok(())
    }

    async fn beat(&mut self, data: &Value) -> Result<(), End> {
        if !data.is_null() && !data.is_u64() {
            let problem = "a heartbeat's data is the last sequence number, or null";
            return Err(self.refuse(close::DECODE, problem));
        }
        self.last_beat = Instant::now();
        if self.reach(Moment::Heartbeat)? {
            self.send(frame(11, &Value::Null)).await?;
        }
        Ok(())
    }

    async fn identify(&mut self, data: &Value) -> Result<(), End> {
        let asked: Identify = self.read("IDENTIFY", data)?;
        self.look_at(&asked);
        if self.is_identified() {
            return Err(self.refuse(close::ALREADY_AUTHENTICATED, "a second IDENTIFY"));
        }
        self.authenticate(&asked.token)?;
        let wishes = self.wishes(&asked)?;
        let start = self.shared.lock().gateway.start(&self.shared.options);
        match start {
            Start::Granted => {}
            Start::TooSoon => return self.invalidate().await,
            Start::UsedUp => {
                self.shared.reset_token();
                return Err(End::Close(Some(close::AUTHENTICATION_FAILED)));
            }
        }
        if self.reach(Moment::Identify)? {
            self.compress = wishes.compress;
            self.shared.begin_session(self.number, wishes);
        }
        Ok(())
    }

    /// Notes what Discord lets pass and a bot shouldn't send.
    fn look_at(&self, asked: &Identify) {
        self.note_unknown("IDENTIFY", &asked.unknown);
        let properties = ["os", "browser", "device"];
        if !properties.iter().all(|name| asked.properties.contains_key(*name))
            || asked.properties.len() > properties.len()
        {
            self.violation("IDENTIFY's properties aren't `os`, `browser` and `device`");
        }
        if asked.large_threshold.is_some_and(|members| !(50..=250).contains(&members)) {
            self.violation("IDENTIFY's large_threshold isn't 50 to 250");
        }
    }

    fn wishes(&self, asked: &Identify) -> Result<Wishes, End> {
        let intents = u64::try_from(asked.intents).unwrap_or(u64::MAX);
        if intents & !intent::KNOWN != 0 {
            return Err(self.refuse(close::INVALID_INTENTS, "intents that there aren't"));
        }
        if intents & intent::PRIVILEGED != 0 {
            let problem = "privileged intents, which the application isn't allowed";
            return Err(self.refuse(close::DISALLOWED_INTENTS, problem));
        }
        let shard = asked.shard.as_ref().filter(|shard| !shard.is_null());
        let shard = shard.map(|shard| serde_json::from_value::<(u64, u64)>(shard.clone()));
        let shard = shard.transpose().ok().filter(|shard| shard.is_none_or(|(id, of)| id < of));
        let Some(shard) = shard else {
            return Err(self.refuse(close::INVALID_SHARD, "a shard that can't be"));
        };
        Ok(Wishes { intents, shard, compress: asked.compress == Some(true) })
    }

    async fn resume(&mut self, data: &Value) -> Result<(), End> {
        self.count_resume();
        let asked: Resume = self.read("RESUME", data)?;
        self.note_unknown("RESUME", &asked.unknown);
        if self.is_identified() {
            return Err(self.refuse(close::ALREADY_AUTHENTICATED, "RESUME after IDENTIFY"));
        }
        self.authenticate(&asked.token)?;
        if !self.reach(Moment::Resume)? {
            return Ok(());
        }
        let resumption = {
            let mut state = self.shared.lock();
            let resumption = state.gateway.resume(&asked.session_id, asked.seq, self.number);
            if let Resumption::Done(_) = resumption {
                let data = json!({"_trace": ["[\"gateway-stand-in\"]"]});
                state.gateway.dispatch_to(self.number, "RESUMED", &data);
                state.gateway.reach(self.number, Moment::Resumed);
                state.tell(Change::Ready);
            }
            resumption
        };
        match resumption {
            Resumption::Done(wishes) => {
                self.compress = wishes.compress;
                Ok(())
            }
            Resumption::Unknown => self.invalidate().await,
            Resumption::WrongSequence => {
                Err(self.refuse(close::INVALID_SEQUENCE, "RESUME from an event that never was"))
            }
        }
    }

    fn count_resume(&self) {
        {
            let counts = &mut self.shared.lock().gateway.counts;
            counts.resume_tries += 1;
            counts.resumes_elsewhere += u64::from(self.is_public);
        }
        if self.is_public && self.shared.options.resume_url.is_none() {
            self.violation("RESUME at the address of GET /gateway, not at READY's");
        }
    }

    /// Tells the bot that it has no session.
    async fn invalidate(&mut self) -> Result<(), End> {
        self.send(frame(9, &json!(false))).await?;
        self.reach(Moment::Ordered).map(drop)
    }

    fn read<T: DeserializeOwned>(&self, name: &str, data: &Value) -> Result<T, End> {
        T::deserialize(data).map_err(|error| {
            let problem = format!("{name} isn't as Discord documents it: {error}");
            self.refuse(close::DECODE, &problem)
        })
    }

    fn note_unknown(&self, name: &str, unknown: &Map<String, Value>) {
        for field in unknown.keys() {
            self.violation(&format!("Discord documents no field {field:?} of {name}"));
        }
    }

    fn authenticate(&self, token: &str) -> Result<(), End> {
        // Discord's gateway takes the prefix of REST too, which serenity leaves in place.
        let token = token.strip_prefix("Bot ").unwrap_or(token);
        let right = token == self.shared.token && !self.shared.lock().token_refused;
        if right { Ok(()) } else { Err(End::Close(Some(close::AUTHENTICATION_FAILED))) }
    }

    fn is_identified(&self) -> bool {
        self.shared.lock().gateway.is_identified(self.number)
    }

    /// Notes what the bot did, and closes the connection with this code.
    fn refuse(&self, code: u16, problem: &str) -> End {
        self.violation(problem);
        End::Close(Some(code))
    }
}

impl crate::discord::Shared {
    /// Begins a session on this connection, and tells it what there is.
    fn begin_session(&self, connection: u64, wishes: Wishes) {
        let mut state = self.lock();
        state.gateway.intents = Some(wishes.intents);
        let session = state.gateway.begin(connection, wishes);
        let url = self.options.resume_url.as_ref().unwrap_or(&self.session_url);
        let ready = events::ready(&session, url, wishes);
        state.gateway.dispatch_to(connection, "READY", &ready);
        for guild in events::guilds(wishes).filter(|_| wishes.intents & intent::GUILDS != 0) {
            let guild = events::guild_create(guild, &state.grants);
            state.gateway.dispatch_to(connection, "GUILD_CREATE", &guild);
        }
        state.gateway.reach(connection, Moment::Ready);
        state.tell(Change::Ready);
    }
}
