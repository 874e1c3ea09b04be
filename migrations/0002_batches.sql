-- A request asks for one group or for several, and something comes of each.
CREATE TABLE requested (
    request BIGINT NOT NULL REFERENCES requests (id),
    -- Counted from 0, in the order in which they were asked for.
    position BIGINT NOT NULL,
    -- What LDAP calls the group, and the form in which names are compared.
    name TEXT NOT NULL,
    folded TEXT NOT NULL,
    -- waiting, created, existed, failed
    fate TEXT NOT NULL,
    -- What came of it: the group's guid, or what went wrong.
    guid TEXT,
    note TEXT,
    -- Whether its creation was sent: then a group that is there later came of it.
    sent BOOLEAN NOT NULL DEFAULT FALSE,
    -- Whether it is still to be decided or to be created.
    open BOOLEAN NOT NULL,
    PRIMARY KEY (request, position)
);

INSERT INTO requested (request, position, name, folded, fate, guid, note, open)
SELECT id, 0, name, folded,
    CASE
        WHEN state = 'created' AND note IS NOT NULL THEN 'existed'
        WHEN state = 'created' THEN 'created'
        WHEN state = 'failed' THEN 'failed'
        ELSE 'waiting'
    END,
    guid,
    CASE WHEN state = 'failed' THEN note END,
    state IN ('pending', 'creating')
FROM requests;

-- One open request a group.
DROP INDEX requests_open;
CREATE UNIQUE INDEX requested_open ON requested (folded) WHERE open;
CREATE INDEX requested_folded ON requested (folded);

-- What is left of `note` says why something is tried again.
UPDATE requests SET note = NULL WHERE state <> 'creating';
ALTER TABLE requests DROP COLUMN name;
ALTER TABLE requests DROP COLUMN folded;
ALTER TABLE requests DROP COLUMN guid;

-- No message shows it: an admin who creates one group is answered at once.
ALTER TABLE requests ADD COLUMN quiet BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE requests SET quiet = direct;

-- The group that a step is about; nothing if it is about all of the request's.
ALTER TABLE history ADD COLUMN position BIGINT;

-- Where the command was used before.
CREATE TABLE servers (
    guild BIGINT PRIMARY KEY,
    used BIGINT NOT NULL
);

INSERT INTO servers (guild, used) SELECT guild, MIN(made) FROM requests GROUP BY guild;
