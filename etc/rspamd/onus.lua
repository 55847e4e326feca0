-- onus: what onus-policy or onus-milter wrote at the door, as symbols (doc/queue.md; weights in groups.conf). To be loaded
-- from /etc/rspamd/rspamd.local.lua: dofile("/usr/share/onus/rspamd/onus.lua")

local N = 'onus'
local HEADER = 'X-Onus-Client'

-- Only what stands above the first Received line is of one's own server; what the sender wrote, or another site's onus,
-- is below it.
local function said(task)
  local first = (task:get_header_full('Received') or {})[1]
  for _, h in ipairs(task:get_header_full(HEADER) or {}) do
    if not first or h.order < first.order then
      return h.decoded
    end
  end
end

local parent = rspamd_config:register_symbol{
  name = 'ONUS_SAID',
  type = 'callback',
  group = N,
  callback = function(task)
    local text = said(task)
    if not text then
      return
    end
    local client = text:match('^[^;]*')
    local action = text:match('; level=%l+; action=(%l+);')
    local grade = text:match('^[^;]*; grade=([DEF]);')
    if action == 'reject' or action == 'drop' then
      task:insert_result('ONUS_REFUSE', 1.0, client)
    elseif action == 'greylist' then
      task:insert_result('ONUS_GREYLIST', 1.0, client)
    elseif grade then
      task:insert_result('ONUS_GRADE_' .. grade, 1.0, client)
    end
  end
}

for _, name in ipairs{'ONUS_REFUSE', 'ONUS_GREYLIST', 'ONUS_GRADE_F', 'ONUS_GRADE_E', 'ONUS_GRADE_D'} do
  rspamd_config:register_symbol{name = name, type = 'virtual', parent = parent, group = N}
end
