-- The server that has a request's message: links name it. It may not be the one where it was asked.
ALTER TABLE requests ADD COLUMN message_guild BIGINT;
