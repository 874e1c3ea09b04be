-- Times are milliseconds since 1970; ids of Discord's are 64-bit numbers. What PostgreSQL takes too.

CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    -- What LDAP calls the group, and the form in which names are compared.
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    -- pending, creating, created, failed, denied, expired, cancelled
    state TEXT NOT NULL,
    -- An admin's create: nobody decides it, and no message shows it.
    direct BOOLEAN NOT NULL,
    guild BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    requester BIGINT NOT NULL,
    reason TEXT,
    made BIGINT NOT NULL,
    -- Who decided (or cancelled) it, when, and why.
    decider BIGINT,
    decided BIGINT,
    verdict TEXT,
    -- What came of it: the group's guid, or what went wrong.
    guid TEXT,
    note TEXT,
    -- Of a request that is being created: how often it was tried, and when it is tried next.
    attempts BIGINT NOT NULL DEFAULT 0,
    due BIGINT,
    reminded BIGINT,
    -- Counts what its message must show; the message shows `shown`.
    version BIGINT NOT NULL DEFAULT 1,
    shown BIGINT NOT NULL DEFAULT 0,
    message_channel BIGINT,
    message BIGINT,
    -- How often its message had to be sent anew.
    resent BIGINT NOT NULL DEFAULT 0
);

-- One open request a group.
CREATE UNIQUE INDEX requests_open ON requests (folded) WHERE state IN ('pending', 'creating');

CREATE INDEX requests_requester ON requests (requester, state);

-- Who asked: the requester, and who joined.
CREATE TABLE people (
    request BIGINT NOT NULL REFERENCES requests (id),
    person BIGINT NOT NULL,
    guild BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    joined BIGINT NOT NULL,
    -- The outcome that they were told last.
    told TEXT,
    PRIMARY KEY (request, person)
);

-- Every transition: who, when, from, to, why.
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    request BIGINT NOT NULL REFERENCES requests (id),
    at BIGINT NOT NULL,
    -- Nobody: time, or the bot itself.
    person BIGINT,
    before TEXT,
    after TEXT NOT NULL,
    why TEXT,
    correlation TEXT NOT NULL
);

CREATE INDEX history_request ON history (request);
