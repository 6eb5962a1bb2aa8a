/** 63 bytes: the longest name there is. */
export const LONG = 'l'.repeat(63)
/** A name that ends every quotation it is put into. */
export const HOSTILE = `a"b'c\\d; DROP TABLE orders; --\n$x$ %I %s .é`
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Roles of a server. `app` is the one of the handle, `deploy` runs migrations, `reader` is somebody else. */
export const ROLES = `CREATE ROLE app LOGIN PASSWORD 'pw'; CREATE ROLE deploy; CREATE ROLE reader; CREATE ROLE other LOGIN PASSWORD 'pw'`

/** A database with one of everything that apps have, some of it odd, and all of it restored by pg_restore as it was. */
export const SHOP = `
SET standard_conforming_strings = on;
CREATE SCHEMA billing AUTHORIZATION deploy;
CREATE SCHEMA "dots.in.it" AUTHORIZATION app;
CREATE SCHEMA ${quoted(HOSTILE)} AUTHORIZATION app;
GRANT USAGE ON SCHEMA billing TO app;
GRANT CREATE ON SCHEMA public TO app;
ALTER DEFAULT PRIVILEGES FOR ROLE deploy IN SCHEMA billing GRANT SELECT, INSERT ON TABLES TO app;
ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO reader;

CREATE TYPE state AS ENUM ('new', 'paid', 'it''s shipped');
CREATE TYPE money_pair AS (amount numeric, currency text);
CREATE DOMAIN email AS text NOT NULL CHECK (VALUE LIKE '%@%');
ALTER TYPE state OWNER TO app; ALTER TYPE money_pair OWNER TO app; ALTER DOMAIN email OWNER TO app;

SET ROLE app;
CREATE TABLE users (id serial PRIMARY KEY, name varchar(20) NOT NULL CHECK (name IN ('ann', 'bob', 'cid')), mail email UNIQUE, at timestamptz DEFAULT now());
INSERT INTO users (name, mail) SELECT 'ann', 'ann' || g || '@example.com' FROM generate_series(1, 1000) g;
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "user" int NOT NULL REFERENCES users ON DELETE CASCADE, state state DEFAULT 'new',
  total numeric(10,2) NOT NULL, net numeric GENERATED ALWAYS AS (total / 1.19) STORED, at timestamptz NOT NULL DEFAULT now());
INSERT INTO orders ("user", total) SELECT 1 + g % 1000, g FROM generate_series(1, 3000) g;
CREATE INDEX orders_at ON orders (at);
CREATE UNIQUE INDEX orders_once ON orders ("user", total) WHERE total > 0;
CREATE INDEX orders_expression ON orders ((total * 2));
CREATE TABLE countdown (id int PRIMARY KEY, left_over text);
CREATE SEQUENCE countdown_id INCREMENT -2 MINVALUE -100000 MAXVALUE -1 START -1 OWNED BY countdown.id;
ALTER TABLE countdown ALTER id SET DEFAULT nextval('countdown_id');
INSERT INTO countdown (left_over) SELECT 'x' FROM generate_series(1, 50);
CREATE SEQUENCE shared INCREMENT 10;
CREATE TABLE first_of_two (id bigint DEFAULT nextval('shared') PRIMARY KEY);
CREATE TABLE second_of_two (id bigint DEFAULT nextval('shared') PRIMARY KEY, no int);
INSERT INTO first_of_two SELECT FROM generate_series(1, 20);
INSERT INTO second_of_two SELECT FROM generate_series(1, 20);
CREATE SEQUENCE round CYCLE MAXVALUE 10;
CREATE TABLE rounds (slot int DEFAULT nextval('round'));
INSERT INTO rounds SELECT FROM generate_series(1, 25);
CREATE TABLE invoices (number text DEFAULT 'INV-' || nextval('shared'), at date);
INSERT INTO invoices (at) VALUES ('2026-01-02');
CREATE TABLE never_used (id serial PRIMARY KEY);
CREATE SEQUENCE set_aside START 500;
SELECT nextval('set_aside') FROM generate_series(1, 100);
CREATE TABLE imported (id serial PRIMARY KEY);
INSERT INTO imported VALUES (1000), (2000);

CREATE TABLE events (id bigserial, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO events (at) SELECT '2026-01-01'::date + g % 50 FROM generate_series(1, 400) g;
CREATE TABLE parent (id serial PRIMARY KEY, what text);
CREATE TABLE child (more int) INHERITS (parent);
INSERT INTO child (what) SELECT 'x' FROM generate_series(1, 30);
CREATE TABLE circles (c circle, EXCLUDE USING gist (c WITH &&));
CREATE UNLOGGED TABLE sessions (id int);
INSERT INTO sessions SELECT generate_series(1, 40);

CREATE TABLE big (id bigserial PRIMARY KEY, filler text);
INSERT INTO big (filler) SELECT repeat('x', 200) FROM generate_series(1, 30000);
CREATE TABLE bloated (id bigserial PRIMARY KEY, filler text);
INSERT INTO bloated (filler) SELECT repeat('x', 200) FROM generate_series(1, 30000);
DELETE FROM bloated WHERE id % 10 <> 0;
CREATE TABLE bloated_tail (id bigserial PRIMARY KEY, filler text);
INSERT INTO bloated_tail (filler) SELECT repeat('x', 200) FROM generate_series(1, 30000);
DELETE FROM bloated_tail WHERE id <= 29900;
CREATE TABLE bloated_empty (id bigserial PRIMARY KEY, filler text);
INSERT INTO bloated_empty (filler) SELECT repeat('x', 200) FROM generate_series(1, 30000);
DELETE FROM bloated_empty;

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION twice(int, text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
CREATE FUNCTION standard(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END;
CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER sleeping BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE users DISABLE TRIGGER sleeping;
CREATE TRIGGER partitioned AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE orders ADD CONSTRAINT later CHECK (total >= 0) NOT VALID;
CREATE VIEW rich AS SELECT * FROM orders WHERE state IN ('new', 'paid');
CREATE MATERIALIZED VIEW sums AS SELECT "user", sum(total) FROM orders GROUP BY 1;
CREATE UNIQUE INDEX sums_user ON sums ("user");
CREATE MATERIALIZED VIEW nothing_yet AS SELECT 1 AS one WITH NO DATA;

CREATE TABLE ${LONG} (${LONG} serial PRIMARY KEY);
INSERT INTO ${LONG} SELECT FROM generate_series(1, 12);
CREATE TABLE "dots.in.it"."a.b" ("c.d" serial PRIMARY KEY, "__proto__" int);
INSERT INTO "dots.in.it"."a.b" SELECT FROM generate_series(1, 12);
CREATE TABLE __proto__ (id serial PRIMARY KEY);
CREATE TABLE ${quoted(HOSTILE)}.${quoted(HOSTILE)} (${quoted(HOSTILE)} serial PRIMARY KEY, UNIQUE (${quoted(HOSTILE)}));
INSERT INTO ${quoted(HOSTILE)}.${quoted(HOSTILE)} SELECT FROM generate_series(1, 12);

CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
INSERT INTO schema_migrations SELECT '2026010100' || lpad(g::text, 4, '0') FROM generate_series(1, 30) g;
CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY, value varchar);
INSERT INTO ar_internal_metadata VALUES ('environment', 'production');
RESET ROLE;

SET ROLE deploy;
CREATE TABLE billing.accounts (id serial PRIMARY KEY, tenant text, amount int);
INSERT INTO billing.accounts (tenant, amount) SELECT 't' || g % 3, g FROM generate_series(1, 300) g;
GRANT USAGE ON SEQUENCE billing.accounts_id_seq TO app;
GRANT UPDATE ON billing.accounts TO app;
ALTER TABLE billing.accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON billing.accounts USING (tenant = current_setting('app.tenant', true));
CREATE POLICY more ON billing.accounts FOR SELECT USING (amount > 0);
CREATE TABLE billing.rates (id serial PRIMARY KEY, rate numeric);
INSERT INTO billing.rates (rate) SELECT g FROM generate_series(1, 200) g;
GRANT USAGE ON SEQUENCE billing.rates_id_seq TO app;
CREATE POLICY usual ON billing.rates USING (rate > 0);
CREATE POLICY strict ON billing.rates AS RESTRICTIVE USING (rate < 1000000);
CREATE TABLE billing.log (at date NOT NULL, id int GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE (at);
CREATE INDEX log_id ON billing.log (id);
CREATE TABLE billing.log_1 PARTITION OF billing.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO billing.log (at) SELECT '2026-01-01' FROM generate_series(1, 500);
REVOKE ALL ON billing.log_1 FROM app;
GRANT SELECT ON SEQUENCE billing.log_id_seq TO app;
CREATE FUNCTION billing.charge(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
REVOKE EXECUTE ON FUNCTION billing.charge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing.charge TO app;
RESET ROLE;
`
