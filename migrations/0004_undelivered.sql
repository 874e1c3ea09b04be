-- What couldn't be said yet, by channel and reason, as the one copy knows that says it: the others show it.
CREATE TABLE undelivered (
    position BIGINT PRIMARY KEY,
    -- Nothing if Discord isn't the reason.
    channel BIGINT,
    messages BIGINT NOT NULL,
    since BIGINT NOT NULL,
    why TEXT NOT NULL,
    todo TEXT NOT NULL,
    -- Whether it may go better by itself.
    passes BOOLEAN NOT NULL
);
