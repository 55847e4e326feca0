-- SPDX-License-Identifier: GPL-3.0-or-later
-- made after the rows are in
CREATE INDEX entity_rank ON entity(kind, rank);
CREATE INDEX parent_children ON parent(parent, child);
