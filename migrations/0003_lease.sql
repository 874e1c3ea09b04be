-- Which process may act on a database in PostgreSQL, and whether it has let go of it by itself. One row,
-- which nobody needs in a file: its lock is let go of only once the process is gone.
CREATE TABLE lease (
    -- Always 1.
    id BIGINT PRIMARY KEY,
    -- A number that each process makes up.
    holder TEXT NOT NULL,
    released BOOLEAN NOT NULL
);
