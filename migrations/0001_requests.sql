-- Times are milliseconds since 1970; ids of Discord's are 64-bit numbers. What PostgreSQL takes too.

CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    -- pending, creating, created, failed, denied, expired, cancelled
    state TEXT NOT NULL,
    -- asked: an admin decides it; batch: an admin creates several groups, and a message shows it; single:
    -- an admin creates one, is answered at once, and no message shows it
    kind TEXT NOT NULL,
    guild BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    requester BIGINT NOT NULL,
    reason TEXT,
    created_at BIGINT NOT NULL,
    -- Who decided, cancelled or last retried it, when, and why it was denied.
    decider BIGINT,
    decided_at BIGINT,
    denial_reason TEXT,
    -- Who approved a request that somebody has retried since, and when.
    approver BIGINT,
    approved_at BIGINT,
    -- Of a request that is being created: why something is tried again (a code of the bot's, with facts,
    -- as JSON), how often it was tried, and when it is tried next.
    delay TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT,
    reminded_at BIGINT,
    -- Counts what its message must show, and what of that the message shows.
    version BIGINT NOT NULL DEFAULT 1,
    shown_version BIGINT NOT NULL DEFAULT 0,
    -- Its message: links name the server, which may not be the one where it was asked.
    message_guild BIGINT,
    message_channel BIGINT,
    message BIGINT,
    -- How often its message had to be sent anew.
    resent BIGINT NOT NULL DEFAULT 0
);

-- A request asks for one group or for several, and something comes of each.
CREATE TABLE requested_groups (
    request_id BIGINT NOT NULL REFERENCES requests (id),
    -- Counted from 0, in the order in which they were asked for.
    position BIGINT NOT NULL,
    -- What LDAP calls the group, and the form in which names are compared.
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    -- waiting, created, existed, failed, or impossible: failed, and a retry can't change it
    status TEXT NOT NULL,
    -- What came of it: the group's guid, or that of the group that is in its way; and what went wrong
    -- when it was last tried, as JSON.
    guid TEXT,
    failure TEXT,
    -- Whether its creation was sent: then a group that is there later came of it.
    sent BOOLEAN NOT NULL DEFAULT FALSE,
    -- Whether it is still to be decided or to be created.
    open BOOLEAN NOT NULL,
    PRIMARY KEY (request_id, position)
);

-- Who asked: the requester, and who joined.
CREATE TABLE participants (
    request_id BIGINT NOT NULL REFERENCES requests (id),
    person BIGINT NOT NULL,
    guild BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    joined_at BIGINT NOT NULL,
    -- Why they want it; `requests.reason` is the requester's.
    reason TEXT,
    -- The outcome that they were told; nothing once it has become another.
    told_state TEXT,
    PRIMARY KEY (request_id, person)
);

-- Every transition: who, when, from, to, why; and what somebody did who changed no state.
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    request_id BIGINT NOT NULL REFERENCES requests (id),
    -- The group that it is about; nothing if it is about all of the request's.
    position BIGINT,
    at BIGINT NOT NULL,
    -- Nobody: time, or the bot itself.
    person BIGINT,
    before TEXT,
    after TEXT NOT NULL,
    -- joined, reworded, left
    activity TEXT,
    -- Why: in that person's words, or what the bot has found, as JSON.
    why TEXT,
    cause TEXT,
    correlation_id TEXT NOT NULL
);

-- Nothing is looked at for being stored: what a step of the bot reads is what it has to do, or the
-- latest of something. Each index is for queries of src/requests/store, whose conditions are in its words.

-- One open request a group.
CREATE UNIQUE INDEX requested_groups_open ON requested_groups (folded) WHERE open;

-- Names: the latest request for each, and whether one of them has brought it in.
CREATE INDEX requested_groups_folded ON requested_groups (folded, request_id);
CREATE INDEX requested_groups_come ON requested_groups (folded)
    WHERE status IN ('created', 'existed');

-- What is open, and whose.
CREATE INDEX requests_open ON requests (requester) WHERE state IN ('pending', 'creating');

-- What failed lately, and may be retried.
CREATE INDEX requests_failed ON requests (state, decided_at) WHERE state = 'failed';

-- Requests whose message isn't as they are, by when that stopped to matter: not while they are open, nor
-- while a message shows something else.
CREATE INDEX requests_unshown ON requests (
    (CASE
        WHEN state NOT IN ('pending', 'creating') AND (kind <> 'asked' OR message IS NULL)
            THEN COALESCE(decided_at, created_at)
        ELSE 9223372036854775807
    END)
) WHERE shown_version < version AND kind <> 'single';

-- In each state, the newest first; and what somebody asked for.
CREATE INDEX requests_listed ON requests (state, (kind <> 'single'), id);
CREATE INDEX participants_requests ON participants (person, request_id);

-- Who isn't told yet.
CREATE INDEX participants_untold ON participants (request_id) WHERE told_state IS NULL;

CREATE INDEX history_request ON history (request_id);

-- What is over, by when it was decided, or made if nobody did: the oldest is deleted first.
CREATE INDEX requests_over ON requests (COALESCE(decided_at, created_at))
    WHERE state NOT IN ('pending', 'creating');

-- Interactions that came over HTTP lately: each is served once.
CREATE TABLE interactions (
    id BIGINT PRIMARY KEY,
    taken_at BIGINT NOT NULL
);

CREATE INDEX interactions_taken ON interactions (taken_at);

-- What admins are told once, so that no start tells them again.
CREATE TABLE alerts (
    -- key, ldap, connect, posting, database: trouble that lasts; key_14_days, key_1_day: the API key will
    -- expire.
    kind TEXT PRIMARY KEY NOT NULL,
    -- Since when it lasts; when the key will expire.
    since BIGINT NOT NULL,
    told_at BIGINT
);
