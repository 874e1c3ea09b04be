//! What is counted and measured, as Prometheus reads it. No label holds what somebody typed, or who
//! anybody is: each has a few values that stand in this code, or are codes of Connect and Discord.
//!
//! The registry is the bot's and not the process's, so that two bots in one process don't count for
//! each other. Names keep to <https://prometheus.io/docs/practices/naming/>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::troubles::{Trouble, Troubles};

/// Discord waits for a first answer for 3 s, the bot for the work for 12 min.
const ANSWERED_WITHIN: [f64; 12] =
    [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 3.0, 10.0, 30.0, 120.0, 720.0];

/// A call to Connect may take up to `CONNECT_TIMEOUT`, five minutes at most.
const CALLED_WITHIN: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0, 60.0];

/// A step in the database is a few writes to a disk.
const STEPPED_WITHIN: [f64; 9] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0];

/// What the bot counts and measures.
pub(crate) struct Metrics {
    registry: Registry,
    commands: IntCounterVec,
    first_answers: Histogram,
    final_answers: HistogramVec,
    connect_calls: IntCounterVec,
    connect_durations: HistogramVec,
    connect_retries: IntCounter,
    discord_calls: IntCounterVec,
    discord_limits: IntCounterVec,
    gateway_connects: IntCounter,
    gateway_identifies: IntCounter,
    gateway_resumes: IntCounter,
    gateway_up: IntGaugeVec,
    gateway_last_event: GaugeVec,
    interactions_refused: IntCounterVec,
    database_steps: Histogram,
    database_errors: IntCounter,
    transitions: IntCounterVec,
    open_requests: IntGaugeVec,
    undelivered: IntGauge,
    undelivered_since: Gauge,
    trouble_since: GaugeVec,
    /// What isn't as it should be.
    pub(crate) troubles: Troubles,
}

/// What is known only when it is asked for.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// Open requests by state. `None` if the database can't say.
    pub(crate) open: Option<[(&'static str, u64); 2]>,
    /// Messages that Discord didn't take.
    pub(crate) undelivered: usize,
    /// For how long the oldest of these.
    pub(crate) undelivered_for: Duration,
    /// Whether a session of the gateway is there.
    pub(crate) is_connected: Option<bool>,
    /// When Discord last said something over the gateway.
    pub(crate) last_event: Option<SystemTime>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let new = Registering(Registry::new());
        new.build_info();
        Self {
            commands: new.counters(
                "commands_total",
                "Interactions served, by what was wanted and what came of it.",
                &["action", "outcome"],
            ),
            first_answers: new.histogram(
                "first_answer_seconds",
                "From the arrival of an interaction until Discord has taken the first answer.",
                &ANSWERED_WITHIN,
            ),
            final_answers: new.histograms(
                "final_answer_seconds",
                "From the arrival of an interaction until the final answer, by what was wanted.",
                ("action", &ANSWERED_WITHIN),
            ),
            connect_calls: new.counters(
                "connect_calls_total",
                "Calls to Connect, by endpoint and by Connect's error code, or what else came of them.",
                &["endpoint", "code"],
            ),
            connect_durations: new.histograms(
                "connect_call_seconds",
                "How long calls to Connect took, by endpoint.",
                ("endpoint", &CALLED_WITHIN),
            ),
            connect_retries: new.counter(
                "connect_retries_total",
                "Calls to Connect that were tried again because they failed in passing.",
            ),
            discord_calls: new.counters(
                "discord_calls_total",
                "Calls to Discord's REST API, by HTTP status, or `none` without an answer.",
                &["status"],
            ),
            discord_limits: new.counters(
                "discord_rate_limits_total",
                "Answers of Discord's that said that a call was one too many, by scope.",
                &["scope"],
            ),
            gateway_connects: new
                .counter("gateway_connects_total", "Connections made to Discord's gateway."),
            gateway_identifies: new.counter(
                "gateway_identifies_total",
                "Sessions begun at Discord's gateway; Discord allows 1000 in 24 hours.",
            ),
            gateway_resumes: new
                .counter("gateway_resumes_total", "Sessions resumed at Discord's gateway."),
            gateway_up: new.gauges(
                "gateway_up",
                "Whether Discord sends interactions over the gateway: 1 if so.",
                &[],
            ),
            gateway_last_event: new.floats(
                "gateway_last_event_timestamp_seconds",
                "When Discord's gateway last said anything, in seconds since 1970.",
                &[],
            ),
            interactions_refused: new.counters(
                "interactions_refused_total",
                "Requests to /interactions that weren't served: unsigned, unreadable, taken already, or too many of one person at once.",
                &["reason"],
            ),
            database_steps: new.histogram(
                "database_step_seconds",
                "How long the database was at work on one step, a transaction or a query.",
                &STEPPED_WITHIN,
            ),
            database_errors: new.counter(
                "database_errors_total",
                "Failures of the database, each of which somebody was told of or is tried again.",
            ),
            transitions: new.counters(
                "request_transitions_total",
                "What happened to requests, by the state before, or `none`, and after.",
                &["before", "after"],
            ),
            open_requests: new.gauges(
                "open_requests",
                "Requests that are still to be decided or carried out, by state.",
                &["state"],
            ),
            undelivered: new.gauge(
                "undelivered_messages",
                "Messages about requests that Discord hasn't taken yet.",
            ),
            undelivered_since: new.float(
                "undelivered_messages_age_seconds",
                "For how long the oldest of the undelivered messages has been so.",
            ),
            trouble_since: new.floats(
                "trouble_age_seconds",
                "For how long something hasn't been as it should be; 0 if it is.",
                &["trouble"],
            ),
            troubles: Troubles::new(),
            registry: new.0,
        }
    }

    /// An interaction was answered for good.
    pub(crate) fn answered(&self, action: &str, outcome: &str, took: Duration) {
        self.commands.with_label_values(&[action, outcome]).inc();
        self.final_answers.with_label_values(&[action]).observe(took.as_secs_f64());
    }

    /// An interaction was answered first.
    pub(crate) fn first_answered(&self, took: Duration) {
        self.first_answers.observe(took.as_secs_f64());
    }

    /// Connect was called.
    pub(crate) fn called_connect(&self, endpoint: &str, code: &str, took: Duration) {
        self.connect_calls.with_label_values(&[endpoint, code]).inc();
        self.connect_durations.with_label_values(&[endpoint]).observe(took.as_secs_f64());
    }

    /// A call to Connect is tried again.
    pub(crate) fn retried_connect(&self) {
        self.connect_retries.inc();
    }

    /// Discord's REST API was called.
    pub(crate) fn called_discord(&self, status: &str) {
        self.discord_calls.with_label_values(&[status]).inc();
    }

    /// Discord said that a call was one too many.
    pub(crate) fn limited(&self, scope: &str) {
        self.discord_limits.with_label_values(&[scope]).inc();
    }

    /// A connection to the gateway was made.
    pub(crate) fn connected(&self) {
        self.gateway_connects.inc();
    }

    /// A session began at the gateway.
    pub(crate) fn identified(&self) {
        self.gateway_identifies.inc();
    }

    /// A session went on at the gateway.
    pub(crate) fn resumed(&self) {
        self.gateway_resumes.inc();
    }

    /// A request that was to bring an interaction was refused.
    pub(crate) fn refused(&self, reason: &str) {
        self.interactions_refused.with_label_values(&[reason]).inc();
    }

    /// The database was at work for so long.
    pub(crate) fn stepped(&self, took: Duration) {
        self.database_steps.observe(took.as_secs_f64());
    }

    /// The database failed.
    pub(crate) fn database_failed(&self) {
        self.database_errors.inc();
        self.troubles.note(Trouble::Database, SystemTime::now());
    }

    /// A request has come into another state, or into being.
    pub(crate) fn changed(&self, before: Option<&str>, after: &str) {
        self.transitions.with_label_values(&[before.unwrap_or("none"), after]).inc();
    }

    /// All of it in Prometheus' text format, version 0.0.4.
    pub(crate) fn render(&self, now: &Snapshot) -> String {
        if let Some(open) = now.open {
            for (state, count) in open {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                self.open_requests.with_label_values(&[state]).set(count);
            }
        } else {
            // What can't be known isn't shown, rather than as it was.
            self.open_requests.reset();
        }
        self.undelivered.set(i64::try_from(now.undelivered).unwrap_or(i64::MAX));
        self.undelivered_since.set(now.undelivered_for.as_secs_f64());
        for trouble in Trouble::ALL {
            let lasts = self.troubles.since(trouble).and_then(|since| since.elapsed().ok());
            let lasts = lasts.unwrap_or_default().as_secs_f64();
            self.trouble_since.with_label_values(&[trouble.as_str()]).set(lasts);
        }
        if let Some(is_connected) = now.is_connected {
            let last_event = now.last_event.map_or(0.0, since_1970);
            self.gateway_up.with_label_values::<&str>(&[]).set(is_connected.into());
            self.gateway_last_event.with_label_values::<&str>(&[]).set(last_event);
        }
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

fn since_1970(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Makes what is measured, and registers it. Names and labels stand in this file, so that nothing can
/// be wrong with one of them that its test doesn't find.
struct Registering(Registry);

impl Registering {
    fn build_info(&self) {
        let help = "The version of the bot that runs.";
        let info = self.gauges("build_info", help, &["version"]);
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let started =
            self.float("start_time_seconds", "When the bot started, in seconds since 1970.");
        started.set(since_1970(SystemTime::now()));
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.registered(IntCounter::with_opts(opts(name, help)))
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.registered(IntCounterVec::new(opts(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.registered(IntGauge::with_opts(opts(name, help)))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.registered(IntGaugeVec::new(opts(name, help), labels))
    }

    fn float(&self, name: &str, help: &str) -> Gauge {
        self.registered(Gauge::with_opts(opts(name, help)))
    }

    fn floats(&self, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
        self.registered(GaugeVec::new(opts(name, help), labels))
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        self.registered(Histogram::with_opts(histogram_opts(name, help, buckets)))
    }

    fn histograms(&self, name: &str, help: &str, (label, buckets): (&str, &[f64])) -> HistogramVec {
        self.registered(HistogramVec::new(histogram_opts(name, help, buckets), &[label]))
    }

    fn registered<M: Collector + Clone + 'static>(&self, metric: prometheus::Result<M>) -> M {
        let metric = metric.expect("a name or a label that Prometheus doesn't take");
        self.0.register(Box::new(metric.clone())).expect("a name that there is twice");
        metric
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("ldapgroup")
}

fn histogram_opts(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts { common_opts: opts(name, help), buckets: buckets.to_vec() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Everything, with a value for each label.
    fn all() -> String {
        let metrics = Metrics::new();
        metrics.answered("search", "done", Duration::from_millis(20));
        metrics.first_answered(Duration::from_millis(20));
        metrics.called_connect("search", "ok", Duration::from_millis(20));
        metrics.called_discord("200");
        metrics.limited("user");
        metrics.refused("unsigned");
        metrics.changed(None, "pending");
        metrics.render(&Snapshot {
            open: Some([("pending", 3), ("creating", 1)]),
            is_connected: Some(true),
            ..Snapshot::default()
        })
    }

    #[test]
    fn names_keep_to_the_rules_of_prometheus_own_linter() {
        let text = all();
        let mut seen = HashSet::new();
        for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let (name, kind) = line.split_once(' ').unwrap();
            assert!(seen.insert(name), "{name} is there twice");
            let is_plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.starts_with("ldapgroup_") && name.chars().all(is_plain), "{name}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
            for part in ["_count", "_sum", "_bucket", "_info"] {
                let is_info = part == "_info" && name == "ldapgroup_build_info";
                assert!(is_info || !name.ends_with(part), "{name} ends like a part of another");
            }
            for unit in ["milliseconds", "minutes", "hours", "_ms", "kilobytes", "percent"] {
                assert!(!name.contains(unit), "{name} isn't in a base unit");
            }
            assert!(!name.contains(kind), "{name} names its kind");
            assert!(kind != "histogram" || name.ends_with("_seconds"), "{name}");
            assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        }
        assert_eq!(seen.len(), 23);
    }

    #[test]
    fn what_cannot_be_known_is_not_shown_as_it_was() {
        let metrics = Metrics::new();
        let known =
            Snapshot { open: Some([("pending", 3), ("creating", 1)]), ..Snapshot::default() };
        assert!(metrics.render(&known).contains("ldapgroup_open_requests{state=\"pending\"} 3\n"));
        assert!(!metrics.render(&Snapshot::default()).contains("ldapgroup_open_requests{"));
    }
}
