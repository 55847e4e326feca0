-- SPDX-License-Identifier: GPL-3.0-or-later
-- The tables that grow with the days, cut into periods of 28 days counted from 1970: TABLE_pDAY holds the days before DAY
-- that the period before it does not, TABLE_rest what is later than the last of them. onus-load makes periods ahead of
-- time. What is there becomes the first period as it is; rows are looked at, not copied.

DO $$
DECLARE
	part text;
	was text;
	bound integer;
	had record;
BEGIN
	FOREACH part IN ARRAY ARRAY['ledger', 'evidence', 'good'] LOOP
		EXECUTE format('SELECT (greatest(coalesce(max(day), 0), %s) / 28 + 1) * 28 FROM %I',
			floor(extract(epoch FROM now()) / 86400)::integer, part) INTO bound;
		was := part || '_p' || bound;
		EXECUTE format('ALTER TABLE %I RENAME TO %I', part, was);
		EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', was, part || '_pkey', was || '_pkey');
		EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY RANGE (day)', part, was);
		EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)', part, was, bound);
		EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part || '_rest', part);
		EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', part, part || '_rest');
		FOR had IN
			SELECT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END AS who,
				x.privilege_type AS what
			FROM pg_class c, aclexplode(c.relacl) x
			WHERE c.oid = was::regclass AND x.grantee <> c.relowner
		LOOP
			EXECUTE format('GRANT %s ON %I TO %s', had.what, part, had.who);
		END LOOP;
	END LOOP;
END
$$;
