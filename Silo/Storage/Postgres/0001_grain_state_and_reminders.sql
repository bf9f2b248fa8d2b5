-- The tables of the mesh on PostgreSQL and the queries that Orleans' ADO.NET providers look up by key.
-- Migration 1: never changed any more. What comes later is in a script of its own, with the next number. "if not exists" takes over
-- a database from before there were versions. The search path is set to our schema.
-- Parameter names and result column names are the providers' contract.

create table if not exists orleansquery (
  querykey  text primary key,
  querytext text not null
);

-- Versions come from one sequence, never from "version + 1": a row that was deleted and written again must not get
-- a version that an old activation still holds. The providers read a 32-bit number, so the sequence wraps.
create sequence if not exists grain_version as integer cycle;

create table if not exists grain_state (
  service_id  text        not null,
  state_name  text        not null,
  grain_id    text        not null,
  payload     bytea       not null,
  version     integer     not null,
  modified_at timestamptz not null default now(),
  primary key (service_id, state_name, grain_id)
);

create table if not exists reminder (
  service_id text        not null,
  grain_id   text        not null,
  name       text        not null,
  start_at   timestamptz not null,
  period_ms  bigint      not null,
  grain_hash integer     not null,
  version    integer     not null,
  primary key (service_id, grain_id, name)
);

create index if not exists reminder_by_hash on reminder (service_id, grain_hash);

insert into orleansquery (querykey, querytext) values
('ReadFromStorageKey', $q$
select payload as "PayloadBinary", version as "Version"
from grain_state
where service_id = @ServiceId and state_name = @GrainTypeString and grain_id = @GrainIdExtensionString
$q$),
-- No row comes back when another activation was faster: the provider reports a version conflict.
('WriteToStorageKey', $q$
with created as (
  insert into grain_state (service_id, state_name, grain_id, payload, version)
  select @ServiceId, @GrainTypeString, @GrainIdExtensionString, @PayloadBinary, nextval('grain_version')
  where @GrainStateVersion::int is null
  on conflict do nothing
  returning version
), changed as (
  update grain_state
  set payload = @PayloadBinary, version = nextval('grain_version'), modified_at = now()
  where service_id = @ServiceId and state_name = @GrainTypeString and grain_id = @GrainIdExtensionString
    and version = @GrainStateVersion::int
  returning version
)
select version as "NewGrainStateVersion" from created
union all
select version from changed
$q$),
-- State is deleted when it is cleared (DeleteStateOnClear); the provider insists that the other query exists too.
('ClearStorageKey', $q$
delete from grain_state
where service_id = @ServiceId and state_name = @GrainTypeString and grain_id = @GrainIdExtensionString
  and version = @GrainStateVersion::int
returning nextval('grain_version')::int as "NewGrainStateVersion"
$q$),
('DeleteStorageKey', $q$
delete from grain_state
where service_id = @ServiceId and state_name = @GrainTypeString and grain_id = @GrainIdExtensionString
  and version = @GrainStateVersion::int
returning nextval('grain_version')::int as "NewGrainStateVersion"
$q$),
('UpsertReminderRowKey', $q$
insert into reminder as r (service_id, grain_id, name, start_at, period_ms, grain_hash, version)
values (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, 0)
on conflict (service_id, grain_id, name) do update
  set start_at = excluded.start_at, period_ms = excluded.period_ms, grain_hash = excluded.grain_hash, version = r.version + 1
returning version as "Version"
$q$),
('ReadReminderRowKey', $q$
select grain_id as "GrainId", name as "ReminderName", start_at as "StartTime", period_ms as "Period", version as "Version"
from reminder
where service_id = @ServiceId and grain_id = @GrainId and name = @ReminderName
$q$),
('ReadReminderRowsKey', $q$
select grain_id as "GrainId", name as "ReminderName", start_at as "StartTime", period_ms as "Period", version as "Version"
from reminder
where service_id = @ServiceId and grain_id = @GrainId
$q$),
('ReadRangeRows1Key', $q$
select grain_id as "GrainId", name as "ReminderName", start_at as "StartTime", period_ms as "Period", version as "Version"
from reminder
where service_id = @ServiceId and grain_hash > @BeginHash and grain_hash <= @EndHash
$q$),
('ReadRangeRows2Key', $q$
select grain_id as "GrainId", name as "ReminderName", start_at as "StartTime", period_ms as "Period", version as "Version"
from reminder
where service_id = @ServiceId and (grain_hash > @BeginHash or grain_hash <= @EndHash)
$q$),
('DeleteReminderRowKey', $q$
with gone as (
  delete from reminder
  where service_id = @ServiceId and grain_id = @GrainId and name = @ReminderName and version = @Version
  returning 1
)
select count(*)::int from gone
$q$),
('DeleteReminderRowsKey', $q$
delete from reminder where service_id = @ServiceId
$q$)
on conflict (querykey) do update set querytext = excluded.querytext
where orleansquery.querytext is distinct from excluded.querytext;
