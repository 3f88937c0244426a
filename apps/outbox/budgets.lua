-- Every budget of sending, decided and spent in one step.
-- KEYS[1]: prefix of all keys. ARGV: what to do, the business's time in ms, JSON. Times are ms throughout.
-- Nothing here asks Redis for the time: a demo winds the business's clock. Expiry only tidies up.

local prefix, now = KEYS[1], tonumber(ARGV[2])
local input = cjson.decode(ARGV[3])

local DAY = 86400000
-- A place is taken when we ask; the carrier counts from when it accepts, at most a lease (120 s) later.
local TIER_DAY = DAY + 120000
local NUMBER_SLOT, NUMBER_SLOTS = 50, 21     -- a second, and the slot that a second may begin in
local CALL_SLOT, CALL_SLOTS = 30000, 121     -- an hour, likewise
local HALVED_AT_MOST_EVERY = 1000            -- the answers of one burst are one complaint
local SMALLEST_FACTOR = 1 / 64
local PROMISE_LASTS = 600000                 -- a promised place that nobody comes for is free again
local SOON = 1000

local function key(...)
  return prefix .. table.concat({...}, ':')
end

local function text(number)
  return string.format('%.0f', number)
end

-- A sliding window as counts per slot. It holds for every span of its length, wherever that begins.
local function window(name, width, slots)
  local flat = redis.call('HGETALL', name)
  local current, used, oldest, stale = math.floor(now / width), 0, nil, {}
  for i = 1, #flat, 2 do
    local slot = tonumber(flat[i])
    if slot <= current - slots or slot > current + slots then
      stale[#stale + 1] = flat[i]
    else
      used = used + tonumber(flat[i + 1])
      if oldest == nil or slot < oldest then oldest = slot end
    end
  end
  if #stale > 0 then redis.call('HDEL', name, unpack(stale)) end
  return {name = name, width = width, slots = slots, current = current, used = used, oldest = oldest or current}
end

local function spend(found, count)
  redis.call('HINCRBY', found.name, text(found.current), text(count))
  redis.call('PEXPIRE', found.name, found.width * found.slots * 2)
  found.used = found.used + count
end

local function frees_at(found)
  return math.max(now + found.width, (found.oldest + found.slots) * found.width)
end

-- The adaptive part of a number's rate: halved by the carrier, creeping back to 1 by itself.
local function factor_of(number)
  local kept = redis.call('HMGET', key('rate', number), 'factor', 'at')
  if not kept[1] then return 1, -math.huge end
  local at = tonumber(kept[2])
  return math.min(1, tonumber(kept[1]) + math.max(0, now - at) / input.recover), at
end

local function number_of(id, per_second)
  local found = window(key('number', id), NUMBER_SLOT, NUMBER_SLOTS)
  found.factor = factor_of(id)
  found.high = math.max(1, math.floor(per_second * found.factor))
  -- Something is always left for who is in a hurry.
  found.low = math.max(1, found.high - math.ceil(found.high * input.kept / 100))
  return found
end

-- People written to first: a sorted set by the last time, and one of promised moments per class of lanes.
local function tier_of(id)
  local found = {name = key('tier', id), low = key('wait', id, 'low'), high = key('wait', id, 'high')}
  redis.call('ZREMRANGEBYSCORE', found.name, '-inf', now - TIER_DAY)
  for _, queue in ipairs({found.low, found.high}) do
    redis.call('ZREMRANGEBYSCORE', queue, '-inf', now - PROMISE_LASTS)
  end
  found.count = redis.call('ZCARD', found.name)
  return found
end

-- When the nth place is freed, if everybody who waits takes theirs at once: a day after its present owner took it.
local function freed(found, limit, nth)
  if limit < 1 then return now + TIER_DAY end
  local days = 0
  if nth > found.count then
    days = math.ceil((nth - found.count) / limit)
    nth = nth - days * limit
  end
  if nth < 1 then return now + days * TIER_DAY + (days == 0 and SOON or 0) end
  return tonumber(redis.call('ZRANGE', found.name, nth - 1, nth - 1, 'WITHSCORES')[2]) + TIER_DAY + days * TIER_DAY
end

-- nil when the person may be written to; else when. Who is refused gets a place in the queue and keeps it.
local function tier_refuses(found, want, limit)
  if redis.call('ZSCORE', found.name, want.contact) then return nil end
  local queue = want.high and found.high or found.low
  local free = limit - found.count
  local promised = redis.call('ZSCORE', queue, want.message)
  if promised and tonumber(promised) <= now then
    if free > 0 then return nil end
  elseif free > redis.call('ZCOUNT', queue, '-inf', now) then
    return nil
  end
  local place = promised and redis.call('ZRANK', queue, want.message) + 1 or redis.call('ZCARD', queue) + 1
  local till = freed(found, limit, found.count - limit + place)
  redis.call('ZADD', queue, text(till), want.message)
  redis.call('PEXPIRE', queue, till - now + DAY)
  return till
end

-- One message per `pair_ms`, and up to `pair_burst` of them borrowed from the future: kept as the time of being even.
local function pair_refuses(want)
  local kept = redis.call('MGET', key('pair', want.number, want.contact), key('parked', want.number, want.contact))
  local parked = tonumber(kept[2] or 0)
  if parked > now then return parked end
  want.even = math.max(tonumber(kept[1] or 0), now)
  local first = want.even - (input.pair_burst - 1) * input.pair_ms
  if first > now then return first end
  return nil
end

local function day_refuses(want)
  want.day = key('day', want.contact)
  redis.call('ZREMRANGEBYSCORE', want.day, '-inf', now - DAY)
  if redis.call('ZCARD', want.day) < input.person_day or redis.call('ZSCORE', want.day, want.message) then return nil end
  return tonumber(redis.call('ZRANGE', want.day, 0, 0, 'WITHSCORES')[2]) + DAY
end

local function pay(want, number, tier)
  spend(number, 1)
  local even = want.even + input.pair_ms
  redis.call('SET', key('pair', want.number, want.contact), text(even), 'PX', text(even - now))
  if want.day then
    redis.call('ZADD', want.day, text(now), want.message)
    redis.call('PEXPIRE', want.day, DAY)
  end
  if tier then
    tier.count = tier.count + redis.call('ZADD', tier.name, 'GT', text(now), want.contact)
    redis.call('PEXPIRE', tier.name, TIER_DAY)
    redis.call('ZREM', want.high and tier.high or tier.low, want.message)
  end
end

local function decide(want, number, tier, limits)
  local till = pair_refuses(want)
  if till then return 'pair', till end
  if want.counts and input.person_day > 0 then
    till = day_refuses(want)
    if till then return 'person_day', till end
  end
  if number.used >= (want.high and number.high or number.low) then return 'number', frees_at(number) end
  if tier and limits then
    till = tier_refuses(tier, want, want.high and limits[1] or limits[2])
    if till then return 'tier', till end
  end
  pay(want, number, tier)
  return '', 0
end

local ops = {}

-- numbers: {id: per second}; tiers: {portfolio: [limit, limit of the patient lanes]}, none for no limit;
-- wants: [[message, number, contact, portfolio, is high, opens, counts for the day], ...] as strings and 0 or 1.
function ops.reserve()
  local numbers, tiers, grants = {}, {}, {}
  for i, row in ipairs(input.wants) do
    local want = {message = row[1], number = row[2], contact = row[3], high = row[5] == 1, counts = row[7] == 1}
    local portfolio, tier = row[4], nil
    numbers[want.number] = numbers[want.number] or number_of(want.number, input.numbers[want.number])
    if row[6] == 1 then
      tiers[portfolio] = tiers[portfolio] or tier_of(portfolio)
      tier = tiers[portfolio]
    end
    local reason, till = decide(want, numbers[want.number], tier, input.tiers[portfolio])
    grants[i] = {reason, till}
  end
  return cjson.encode(grants)
end

-- {number: [room for the patient lanes, room for all, when there is more]}
function ops.room()
  local rooms = {}
  for id, per_second in pairs(input.numbers) do
    local found = number_of(id, per_second)
    rooms[id] = {math.max(0, found.low - found.used), math.max(0, found.high - found.used), frees_at(found)}
  end
  return cjson.encode(rooms)
end

function ops.inbound()
  spend(window(key('number', input.number), NUMBER_SLOT, NUMBER_SLOTS), input.count)
  return 'null'
end

function ops.throttled()
  local factor, at = factor_of(input.number)
  if now - at >= HALVED_AT_MOST_EVERY or now < at then
    factor = math.max(SMALLEST_FACTOR, factor / 2)
    local name = key('rate', input.number)
    redis.call('HSET', name, 'factor', string.format('%.6f', factor), 'at', text(now))
    redis.call('PEXPIRE', name, input.recover * 2)
  end
  return string.format('%.6f', factor)
end

function ops.park()
  if input.till > now then
    redis.call('SET', key('parked', input.number, input.contact), text(input.till), 'PX', text(input.till - now))
  end
  return 'null'
end

function ops.call()
  local found = window(key('calls', input.account), CALL_SLOT, CALL_SLOTS)
  if found.used + input.count > input.limit then return cjson.encode({'calls', frees_at(found)}) end
  spend(found, input.count)
  return cjson.encode({'', 0})
end

-- [used, limit now, factor, when there is more] of a number
function ops.look_number()
  local found = number_of(input.number, input.per_second)
  return cjson.encode({found.used, found.high, found.factor, frees_at(found)})
end

function ops.look_calls()
  local found = window(key('calls', input.account), CALL_SLOT, CALL_SLOTS)
  return cjson.encode({found.used, frees_at(found)})
end

-- [people, waiting, when the next place is freed, when the last of `count` more may leave (0: now)]
function ops.look_tier()
  local found = tier_of(input.portfolio)
  local waiting = redis.call('ZCARD', found.low)
  local oldest = redis.call('ZRANGE', found.name, 0, 0, 'WITHSCORES')[2]
  local last = 0
  if input.limit >= 0 and found.count + waiting + input.count > input.limit then
    last = freed(found, input.limit, found.count - input.limit + waiting + input.count)
  end
  return cjson.encode({found.count, waiting + redis.call('ZCARD', found.high), oldest and tonumber(oldest) + TIER_DAY or 0, last})
end

-- The portfolio's limit has changed: who waited is told a new moment.
function ops.forget_promises()
  redis.call('DEL', key('wait', input.portfolio, 'low'), key('wait', input.portfolio, 'high'))
  return 'null'
end

-- An empty store knows of nothing that was sent: it is filled from the rows before anybody is let through.
if redis.call('EXISTS', key('epoch')) == 0 then return 'EMPTY' end
return ops[ARGV[1]]()
