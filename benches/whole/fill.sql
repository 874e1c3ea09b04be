-- For either database: so many finished requests as `:count` says, a year older than `:now`, which is in
-- milliseconds. One in eight is `:person`'s, who asks for the same group over and over and cancels; one is an
-- admin's that couldn't be shown, one an admin's that no message shows. Of the older half one in four was
-- denied, of the newer none. What the bot has said of the others is as it should be.
INSERT INTO requests
    (id, state, kind, guild, channel, requester, created_at, decider, decided_at, version, shown_version, message_channel, message)
WITH RECURSIVE numbers (number) AS (
    SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :count
)
SELECT
    number,
    CASE WHEN number % 4 = 1 AND number <= :count / 2 THEN 'denied'
        ELSE CASE number % 8 WHEN 0 THEN 'failed' WHEN 2 THEN 'expired' WHEN 3 THEN 'cancelled' ELSE 'created' END END,
    CASE number % 8 WHEN 6 THEN 'batch' WHEN 7 THEN 'single' ELSE 'asked' END,
    1098231477641412618,
    1098232018379395073,
    CASE number % 8 WHEN 3 THEN :person ELSE 1000000 + number END,
    :now - 31536000000 + number,
    1000,
    :now - 31536000000 + number + 1,
    3,
    CASE WHEN number % 8 IN (6, 7) THEN 0 ELSE 3 END,
    CASE WHEN number % 8 IN (6, 7) THEN NULL ELSE 1098232018379395073 END,
    CASE WHEN number % 8 IN (6, 7) THEN NULL ELSE 1000000000000000000 + number END
FROM numbers;

INSERT INTO requested_groups (request_id, position, name, folded, status, guid, open)
SELECT
    id,
    0,
    CASE id % 8 WHEN 3 THEN 'Team-Again' ELSE 'Team-' || id END,
    CASE id % 8 WHEN 3 THEN 'team-again' ELSE 'team-' || id END,
    CASE state WHEN 'created' THEN 'created' WHEN 'failed' THEN 'failed' ELSE 'waiting' END,
    CASE state WHEN 'created' THEN '5f0b3c1e-0000-4000-8000-' || SUBSTR(CAST(1000000000000 + id AS TEXT), 2) END,
    FALSE
FROM requests;

INSERT INTO participants (request_id, person, guild, channel, joined_at, told_state)
SELECT id, requester, guild, channel, created_at, state FROM requests WHERE kind = 'asked';

INSERT INTO history (request_id, at, person, before, after, correlation_id)
SELECT id, created_at, requester, NULL, CASE kind WHEN 'asked' THEN 'pending' ELSE 'creating' END, 'a5f0b3c1-0000-4000-8000-000000000000'
FROM requests;

INSERT INTO history (request_id, at, person, before, after, why, correlation_id)
SELECT id, decided_at, decider, CASE kind WHEN 'asked' THEN 'pending' ELSE 'creating' END, state, 'as agreed', 'a5f0b3c1-0000-4000-8000-000000000000'
FROM requests;
