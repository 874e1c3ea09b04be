-- Why each of those who asked wants it; `requests.reason` is the requester's.
ALTER TABLE people ADD COLUMN reason TEXT;
UPDATE people SET reason =
    (SELECT reason FROM requests WHERE requests.id = people.request AND requests.requester = people.person);

-- What somebody did who didn't change the state: joined, reworded, left.
ALTER TABLE history ADD COLUMN deed TEXT;
