-- What one copy of the bot remembers for the others, and for its next start.

-- The latest search of each channel, where several copies take interactions: what one has found another
-- creates. All that it found is sealed with a key that isn't here (src/requests/seal.rs).
CREATE TABLE searches (
    guild BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    -- The form in which names are compared.
    prefix TEXT NOT NULL,
    -- When Connect answered.
    taken_at BIGINT NOT NULL,
    -- What it was sealed with, another one each time, and what came of it: both in base64.
    nonce TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (guild, channel)
);

-- What admins have picked and not yet said yes to.
CREATE TABLE picks (
    -- The interaction's.
    id BIGINT PRIMARY KEY,
    person BIGINT NOT NULL,
    -- As JSON.
    names TEXT NOT NULL,
    picked_at BIGINT NOT NULL
);

CREATE INDEX picks_person ON picks (person, id);
CREATE INDEX picks_picked ON picks (picked_at);
