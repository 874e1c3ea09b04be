-- Nothing is looked at for being stored: what a step of the bot reads is what it has to do, or the
-- latest of something. Each index is for queries of src/store, whose conditions are in its words.

-- What is open, and whose.
DROP INDEX requests_requester;
CREATE INDEX requests_open ON requests (requester) WHERE state IN ('pending', 'creating');

-- What failed lately, and may be retried.
CREATE INDEX requests_failed ON requests (state, decided) WHERE state = 'failed';

-- Requests whose message isn't as they are, by when that stopped to matter: not while they are open, nor
-- while a message shows something else.
CREATE INDEX requests_unshown ON requests (
    (CASE
        WHEN state NOT IN ('pending', 'creating') AND (direct OR message IS NULL)
            THEN COALESCE(decided, made)
        ELSE 9223372036854775807
    END)
) WHERE shown < version AND NOT quiet;

-- In each state, the newest first; and what somebody asked for.
CREATE INDEX requests_listed ON requests (state, quiet, id);
CREATE INDEX people_requests ON people (person, request);

-- Who isn't told yet. Whoever was told something else before a retry counts as not told.
UPDATE people SET told = NULL
WHERE told IS NOT NULL AND EXISTS (
    SELECT 1 FROM requests
    WHERE id = request AND state NOT IN ('pending', 'creating') AND state <> told
);
CREATE INDEX people_untold ON people (request) WHERE told IS NULL;

-- Names: the latest request for each, and whether one of them has brought it in.
DROP INDEX requested_folded;
CREATE INDEX requested_folded ON requested (folded, request);
CREATE INDEX requested_come ON requested (folded) WHERE fate IN ('created', 'existed');
