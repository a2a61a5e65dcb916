-- The store of `rdpwhy batch`, version 1 (docs/store.md says what every column means).
--
-- Rows never depend on the order in which threads finished: tickets are numbered when they are read from the list,
-- everything else is keyed by that number. What differs from run to run stands in `timings` and `inputs` alone.

PRAGMA application_id = 0x72647077; -- "rdpw"
PRAGMA user_version = 1;

CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE tickets (
    ticket INTEGER PRIMARY KEY,
    id TEXT UNIQUE NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT,
    status TEXT NOT NULL CHECK (status IN ('ok', 'partial', 'failed')),
    reason TEXT,
    verdict TEXT,
    probability REAL,
    incident_time TEXT,
    trigger_id TEXT,
    trigger_kb TEXT,
    incidents INTEGER NOT NULL,
    hosts INTEGER NOT NULL,
    sources INTEGER NOT NULL,
    events INTEGER NOT NULL,
    notices INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_time TEXT,
    last_time TEXT,
    duplicate_of TEXT
);
CREATE INDEX tickets_by_sha256 ON tickets (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX tickets_by_original ON tickets (duplicate_of) WHERE duplicate_of IS NOT NULL;

CREATE TABLE incidents (
    ticket INTEGER NOT NULL REFERENCES tickets ON DELETE CASCADE,
    n INTEGER NOT NULL,
    time TEXT,
    last_time TEXT,
    attempts INTEGER NOT NULL,
    host TEXT,
    client TEXT,
    error_code TEXT,
    extended_code TEXT,
    stage TEXT,
    last_good TEXT,
    first_good_after TEXT,
    cause TEXT NOT NULL,
    probability REAL NOT NULL,
    suspected INTEGER NOT NULL,
    trigger_id TEXT,
    trigger_kb TEXT,
    trigger_time TEXT,
    PRIMARY KEY (ticket, n)
) WITHOUT ROWID;

CREATE TABLE causes (
    ticket INTEGER NOT NULL REFERENCES tickets ON DELETE CASCADE,
    incident INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    cause TEXT NOT NULL,
    probability REAL NOT NULL,
    PRIMARY KEY (ticket, incident, rank)
) WITHOUT ROWID;

CREATE TABLE evidence (
    ticket INTEGER NOT NULL REFERENCES tickets ON DELETE CASCADE,
    n INTEGER NOT NULL,
    incident INTEGER NOT NULL,
    cause TEXT NOT NULL,
    signature TEXT NOT NULL,
    grade TEXT NOT NULL,
    weight_db REAL NOT NULL,
    time TEXT,
    host TEXT,
    provider TEXT,
    event_id INTEGER,
    record INTEGER,
    source TEXT,
    summary TEXT NOT NULL,
    PRIMARY KEY (ticket, n)
) WITHOUT ROWID;

CREATE TABLE changes (
    ticket INTEGER NOT NULL REFERENCES tickets ON DELETE CASCADE,
    n INTEGER NOT NULL,
    host TEXT,
    time TEXT,
    time_quality TEXT NOT NULL,
    kind TEXT NOT NULL,
    kb TEXT,
    state TEXT,
    summary TEXT NOT NULL,
    signature TEXT,
    PRIMARY KEY (ticket, n)
) WITHOUT ROWID;

CREATE TABLE hosts (
    ticket INTEGER NOT NULL REFERENCES tickets ON DELETE CASCADE,
    n INTEGER NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    os TEXT,
    build TEXT,
    clock_offset_s REAL,
    PRIMARY KEY (ticket, n)
) WITHOUT ROWID;

CREATE TABLE updates (
    ticket INTEGER NOT NULL REFERENCES tickets ON DELETE CASCADE,
    n INTEGER NOT NULL,
    host TEXT,
    kb TEXT NOT NULL,
    state TEXT NOT NULL,
    time TEXT,
    time_quality TEXT NOT NULL,
    PRIMARY KEY (ticket, n)
) WITHOUT ROWID;

-- The lines of timeline.csv of each ticket, deflated.
CREATE TABLE lines (
    ticket INTEGER PRIMARY KEY REFERENCES tickets ON DELETE CASCADE,
    csv BLOB NOT NULL
);

-- How long each took; no two runs agree on it.
CREATE TABLE timings (
    ticket INTEGER PRIMARY KEY REFERENCES tickets ON DELETE CASCADE,
    ms INTEGER NOT NULL
);

-- What was asked for, in the order of the list; a ticket that stands here and not in `tickets` is still to be done.
-- `stamp` tells without reading a ticket that nobody touched it since; `run` is the run that named it last.
CREATE TABLE inputs (
    ticket INTEGER PRIMARY KEY,
    id TEXT UNIQUE NOT NULL,
    path TEXT NOT NULL,
    run INTEGER NOT NULL,
    stamp TEXT
);
