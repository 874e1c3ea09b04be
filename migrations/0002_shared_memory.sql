-- What one copy of the bot remembers for the others, and for its next start.

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
