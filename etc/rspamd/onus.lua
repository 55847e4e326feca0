-- onus: what it says of the client, at the door (onus-policy, onus-milter) and in its zone (local.d/rbl.conf), as one symbol
-- with the weight of local.d/groups.conf (doc/queue.md). To be loaded from /etc/rspamd/rspamd.local.lua:
-- dofile("/usr/share/onus/rspamd/onus.lua")

local N = 'onus'
local HEADER = 'X-Onus-Client'

-- the first of them that was told counts, and once
local SYMBOLS = {'REFUSE', 'GREYLIST', 'GRADE_F', 'GRADE_E', 'GRADE_D'}
local ACTIONS = {reject = 'REFUSE', drop = 'REFUSE', greylist = 'GREYLIST'}
local ZONE = {ONUS_ZONE_REFUSE = 'REFUSE', ONUS_ZONE_F = 'GRADE_F', ONUS_ZONE_E = 'GRADE_E', ONUS_ZONE_D = 'GRADE_D'}

-- Only what stands above the first Received line is of one's own server; what the sender wrote, or another site's onus,
-- is below it.
local function at_the_door(task)
  local first = (task:get_header_full('Received') or {})[1]
  for _, h in ipairs(task:get_header_full(HEADER) or {}) do
    if not first or h.order < first.order then
      return h.decoded
    end
  end
  return ''
end

local function judge(task)
  local told = {}
  local text = at_the_door(task)
  local action = ACTIONS[text:match('; level=%l+; action=(%l+);')]
  local grade = text:match('^[^;]*; grade=([DEF]);')
  if action then
    told[action] = 'door'
  elseif grade then
    told['GRADE_' .. grade] = 'door'
  end
  for symbol, name in pairs(ZONE) do
    if task:has_symbol(symbol) then
      told[name] = told[name] or 'zone'
    end
  end
  for _, name in ipairs(SYMBOLS) do
    if told[name] then
      task:insert_result('ONUS_' .. name, 1.0, told[name])
      return
    end
  end
end

-- behind all filters, as what the zone says has to be there
local parent = rspamd_config:register_symbol{name = 'ONUS_JUDGE', type = 'postfilter', group = N, callback = judge}

for _, name in ipairs(SYMBOLS) do
  rspamd_config:register_symbol{name = 'ONUS_' .. name, type = 'virtual', parent = parent, group = N}
end
