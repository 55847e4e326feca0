-- SPDX-License-Identifier: GPL-3.0-or-later
-- made after the rows are in
CREATE INDEX entity_rank ON entity(kind, rank);
-- what was seen inside any range
CREATE INDEX entity_block ON entity(range_first) WHERE kind = 'block';
CREATE INDEX parent_children ON parent(parent, child);
