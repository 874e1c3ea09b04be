-- Lists of a state are counted and found in the index alone, in PostgreSQL too, which else looks at each row
-- for its kind.
CREATE INDEX requests_listed_kind ON requests (state, (kind <> 'single'), id, kind);
DROP INDEX requests_listed;
