-- The least that an accepted lead must leave behind, durably: an answer under its idempotency key, the person seen,
-- the lead, three ledger rows, two messages to be sent, a cap counted and a balance charged.
-- Counters come last, so that rows which many leads share are locked for a moment only.

CREATE TABLE wallet (
    buyer int PRIMARY KEY,
    balance numeric(14, 2) NOT NULL,
    credit numeric(14, 2) NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE counter (
    buyer int NOT NULL,
    day date NOT NULL,
    taken int NOT NULL DEFAULT 0,
    most int NOT NULL,
    PRIMARY KEY (buyer, day)
) WITH (fillfactor = 50);

CREATE TABLE person (
    agency int NOT NULL,
    mark bytea NOT NULL,
    lead uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (agency, mark)
);

CREATE TABLE lead (
    id uuid PRIMARY KEY,
    agency int NOT NULL,
    source int NOT NULL,
    campaign int NOT NULL,
    buyer int,
    status text NOT NULL,
    first_name text,
    last_name text,
    phone text,
    email text,
    state text,
    zip text,
    lead_type text NOT NULL,
    score smallint,
    price numeric(10, 2),
    payout numeric(10, 2),
    consent_at timestamptz,
    address inet,
    fields jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX lead_of_agency ON lead (agency, created_at);
CREATE INDEX lead_of_buyer ON lead (buyer, created_at);

CREATE TABLE ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead uuid NOT NULL,
    account text NOT NULL,
    owner int NOT NULL,
    amount numeric(14, 2) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_of_account ON ledger (account, owner, id);

CREATE TABLE message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    target int NOT NULL,
    body jsonb NOT NULL,
    state smallint NOT NULL DEFAULT 0,
    attempts smallint NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX message_due ON message (due_at) WHERE state = 0;

CREATE TABLE answer (
    key_id int NOT NULL,
    name text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint,
    body jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key_id, name)
);

INSERT INTO wallet SELECT buyer, 100000000000 FROM generate_series(1, 50) buyer;
INSERT INTO counter
SELECT buyer, current_date + ahead, 0, 2000000000 FROM generate_series(1, 50) buyer, generate_series(0, 1) ahead;

CREATE FUNCTION accept_lead(
    p_name text, p_mark bytea, p_buyer int, p_lead uuid, p_phone text, p_email text, p_fields jsonb, p_answer jsonb
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_price constant numeric := 175.00;
    v_payout constant numeric := 120.00;
BEGIN
    INSERT INTO answer (key_id, name, fingerprint, status, body) VALUES (1, p_name, p_mark, 201, p_answer)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RETURN 'repeated'; END IF;

    INSERT INTO person AS known VALUES (1, p_mark, p_lead, now())
    ON CONFLICT (agency, mark) DO UPDATE SET lead = excluded.lead, seen_at = excluded.seen_at
    WHERE known.seen_at < now() - interval '30 days';
    IF NOT FOUND THEN RETURN 'duplicate'; END IF;

    INSERT INTO lead VALUES (
        p_lead, 1, 1, 1, p_buyer, 'accepted', 'Maria', 'Garcia', p_phone, p_email, 'TX', '75001', 'auto_accident', 87,
        v_price, v_payout, '2026-05-12T14:30:00Z', '192.168.1.1', p_fields, now()
    );
    INSERT INTO ledger (lead, account, owner, amount) VALUES
        (p_lead, 'buyer', p_buyer, -v_price),
        (p_lead, 'source', 1, v_payout),
        (p_lead, 'revenue', 0, v_price - v_payout);
    INSERT INTO message (kind, target, body) VALUES ('delivery', p_buyer, p_fields), ('event', 1, p_answer);

    UPDATE counter SET taken = taken + 1 WHERE buyer = p_buyer AND day = current_date AND taken < most;
    IF NOT FOUND THEN RAISE EXCEPTION 'cap'; END IF;
    UPDATE wallet SET balance = balance - v_price WHERE buyer = p_buyer AND balance + credit >= v_price;
    IF NOT FOUND THEN RAISE EXCEPTION 'balance'; END IF;
    RETURN 'accepted';
END
$$;
