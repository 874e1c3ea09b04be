-- Who approved a request that somebody has retried since, and when: `decider` and `decided` say then who
-- did that.
ALTER TABLE requests ADD COLUMN approver BIGINT;
ALTER TABLE requests ADD COLUMN approved BIGINT;

-- The fate of a group in `requested` may be `impossible`, too: failed, and a retry can't change it.
