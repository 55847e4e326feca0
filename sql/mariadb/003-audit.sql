-- SPDX-License-Identifier: GPL-3.0-or-later
-- Why a setting was changed. A row of audit without a new value: the setting was taken away. Its id is the revision.

ALTER TABLE audit ADD COLUMN IF NOT EXISTS why VARBINARY(500);
