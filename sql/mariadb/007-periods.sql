-- SPDX-License-Identifier: GPL-3.0-or-later
-- The tables that grow with the days, cut into periods of 28 days counted from 1970: partition pDAY holds the days before
-- DAY that the partition before it does not, `rest` what is later than the last of them. onus-load makes periods ahead of
-- time. What is there becomes the first period. Applied again, it does what is left.

SET @bound = (SELECT (greatest(coalesce(max(day), 0), unix_timestamp() DIV 86400) DIV 28 + 1) * 28 FROM ledger);
SET @cut = concat('ALTER TABLE ledger PARTITION BY RANGE (day) (PARTITION p', @bound, ' VALUES LESS THAN (', @bound,
	'), PARTITION rest VALUES LESS THAN MAXVALUE)');
SET @cut = if((SELECT count(*) FROM information_schema.partitions WHERE table_schema = database()
	AND table_name = 'ledger' AND partition_name = 'rest') = 0, @cut, 'DO 0');
PREPARE cut_ledger FROM @cut;
EXECUTE cut_ledger;
DEALLOCATE PREPARE cut_ledger;

SET @bound = (SELECT (greatest(coalesce(max(day), 0), unix_timestamp() DIV 86400) DIV 28 + 1) * 28 FROM evidence);
SET @cut = concat('ALTER TABLE evidence PARTITION BY RANGE (day) (PARTITION p', @bound, ' VALUES LESS THAN (', @bound,
	'), PARTITION rest VALUES LESS THAN MAXVALUE)');
SET @cut = if((SELECT count(*) FROM information_schema.partitions WHERE table_schema = database()
	AND table_name = 'evidence' AND partition_name = 'rest') = 0, @cut, 'DO 0');
PREPARE cut_evidence FROM @cut;
EXECUTE cut_evidence;
DEALLOCATE PREPARE cut_evidence;

SET @bound = (SELECT (greatest(coalesce(max(day), 0), unix_timestamp() DIV 86400) DIV 28 + 1) * 28 FROM good);
SET @cut = concat('ALTER TABLE good PARTITION BY RANGE (day) (PARTITION p', @bound, ' VALUES LESS THAN (', @bound,
	'), PARTITION rest VALUES LESS THAN MAXVALUE)');
SET @cut = if((SELECT count(*) FROM information_schema.partitions WHERE table_schema = database()
	AND table_name = 'good' AND partition_name = 'rest') = 0, @cut, 'DO 0');
PREPARE cut_good FROM @cut;
EXECUTE cut_good;
DEALLOCATE PREPARE cut_good;
