-- What is over, by when it was decided, or made if nobody did: the oldest is deleted first.
CREATE INDEX requests_over ON requests (COALESCE(decided_at, created_at))
    WHERE state NOT IN ('pending', 'creating');
