//! What auditors find in the log, under the target `audit`: each thing that happens to a request, and each
//! group that comes into being. `docs/logs.md` says what the fields mean.

use super::store::Change;
use super::{CreateOutcome, Requests, Skipped};
use crate::access::Member;
use crate::correlation::CorrelationId;
use crate::group::Guid;
use crate::request::{Activity, Event, GroupStatus, Request, RequestedGroup, State};
use crate::text::escape_invisible;

impl Requests {
    /// A member has asked for groups, or begun to create them.
    pub(super) fn audit_made(&self, outcome: &CreateOutcome, doer: Member, id: CorrelationId) {
        if let Some(request) = &outcome.request {
            self.metrics().changed(None, request.state.as_str());
            let what = if request.is_direct() { "begun" } else { "asked" };
            write(what, (request, None), Some(doer), id);
        }
        for skipped in &outcome.skipped {
            if let Skipped::Asked { request, activity: Some(activity), .. } = skipped {
                write(activity.as_str(), (request, Some(request.state)), Some(doer), id);
            }
        }
    }

    /// A request was decided, cancelled or retried by a member, or has expired.
    pub(super) fn audit_change(&self, request: &Request, change: &Change, doer: Option<Member>) {
        let before = change.event.from();
        self.metrics().changed(Some(before.as_str()), request.state.as_str());
        let what = match change.event {
            Event::Approve => "approved",
            Event::Deny => "denied",
            Event::Cancel => "cancelled",
            Event::Expire => "expired",
            Event::Retry => "retried",
        };
        write(what, (request, Some(before)), doer, change.correlation);
    }

    /// Somebody has left a request or, as the last one, taken it back.
    pub(super) fn audit_left(&self, request: &Request, doer: Member, id: CorrelationId) {
        let what = if request.state == State::Cancelled {
            self.metrics().changed(Some(State::Pending.as_str()), request.state.as_str());
            "cancelled"
        } else {
            Activity::Left.as_str()
        };
        write(what, (request, Some(State::Pending)), Some(doer), id);
    }

    /// Something has come of one group of a request.
    pub(super) fn audit_settled(&self, request: &Request, position: usize, id: CorrelationId) {
        if request.state != State::Creating {
            self.metrics().changed(Some(State::Creating.as_str()), request.state.as_str());
        }
        let Some(RequestedGroup { name, status, guid, failure, .. }) = request.groups.get(position)
        else {
            return;
        };
        let what = match status {
            GroupStatus::Impossible => GroupStatus::Failed.as_str(),
            status => status.as_str(),
        };
        let person = request.decider.unwrap_or(request.requester);
        tracing::info!(
            target: "audit",
            action = what,
            request = request.id,
            group = %escape_invisible(name.as_str()),
            guid = guid.as_ref().map(Guid::as_str),
            why = failure.as_ref().map(|why| escape_invisible(&why.to_json()).into_owned()),
            before = State::Creating.as_str(),
            after = request.state.as_str(),
            %person,
            server = %request.place.guild,
            channel = %request.place.channel,
            correlation_id = %id,
            "{what}"
        );
    }
}

fn write(
    what: &str,
    (request, before): (&Request, Option<State>),
    doer: Option<Member>,
    id: CorrelationId,
) {
    let names = request.groups.iter().map(|group| escape_invisible(group.name.as_str()));
    let groups = serde_json::json!(names.collect::<Vec<_>>());
    let place = doer.map(Member::place);
    tracing::info!(
        target: "audit",
        action = what,
        request = request.id,
        %groups,
        before = before.map(State::as_str),
        after = request.state.as_str(),
        person = doer.map(|doer| tracing::field::display(doer.user())),
        server = place.map(|place| tracing::field::display(place.guild)),
        channel = place.map(|place| tracing::field::display(place.channel)),
        correlation_id = %id,
        "{what}"
    );
}
