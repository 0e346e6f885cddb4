-- A file of format 2, before columns were renamed to the words of format 3.
PRAGMA application_id = 1398035021;
PRAGMA user_version = 2;
CREATE TABLE log (
    partition INTEGER, offset INTEGER, value BLOB NOT NULL, appended INTEGER, key BLOB,
    headers BLOB NOT NULL, PRIMARY KEY (partition, offset));
CREATE TABLE meta (
    partition INTEGER PRIMARY KEY, owner TEXT NOT NULL, epoch INTEGER NOT NULL,
    number INTEGER NOT NULL, offset INTEGER NOT NULL, log_time INTEGER,
    swept_at INTEGER NOT NULL, swept_who TEXT NOT NULL, published INTEGER NOT NULL,
    restoring_until INTEGER);
CREATE TABLE profiles (
    partition INTEGER, customer TEXT, profile BLOB NOT NULL, wake INTEGER,
    PRIMARY KEY (partition, customer)) WITHOUT ROWID;
CREATE TABLE layouts (
    partition INTEGER, id BLOB, layout BLOB NOT NULL, PRIMARY KEY (partition, id));
CREATE INDEX wakes ON profiles (partition, wake, customer) WHERE wake IS NOT NULL;
CREATE TABLE outbox (
    partition INTEGER, number INTEGER, outgoing BLOB NOT NULL,
    PRIMARY KEY (partition, number));
CREATE TABLE marks (
    partition INTEGER PRIMARY KEY, number INTEGER NOT NULL, offset INTEGER NOT NULL,
    swept_at INTEGER NOT NULL, swept_who TEXT NOT NULL);
CREATE TABLE changes (
    position INTEGER PRIMARY KEY, partition INTEGER NOT NULL, customer TEXT NOT NULL,
    segment TEXT NOT NULL, direction TEXT NOT NULL, at INTEGER NOT NULL,
    change BLOB NOT NULL);
CREATE TABLE rejections (
    position INTEGER PRIMARY KEY, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    kind TEXT NOT NULL, reason TEXT NOT NULL, rejection BLOB NOT NULL);
CREATE TABLE memberships (
    segment TEXT, customer TEXT, since INTEGER NOT NULL,
    PRIMARY KEY (segment, customer)) WITHOUT ROWID;
CREATE INDEX whose ON memberships (customer);
INSERT INTO meta VALUES (0, 'w/1', 3, 7, 70, NULL, 1700000000001, 'u-7', 6, NULL);
INSERT INTO profiles VALUES (0, 'u-7', CAST('profile' AS BLOB), NULL);
INSERT INTO layouts VALUES (0, CAST('id' AS BLOB), CAST('layout' AS BLOB));
INSERT INTO marks VALUES (0, 6, 60, 1700000000000, '');
