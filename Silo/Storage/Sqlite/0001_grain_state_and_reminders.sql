-- The tables of the mesh on SQLite. Grain state is read and written by our own provider; reminders by Orleans' ADO.NET provider,
-- which looks its queries up by key: parameter names and result column names are its contract.
-- Migration 1: never changed any more. What comes later is in a script of its own, with the next number. "if not exists" takes over
-- a database from before there were versions.

-- Versions come from one counter, never from "version + 1": a row that was deleted and written again must not get
-- a version that an old activation still holds.
create table if not exists grain_version (
  id    integer primary key check (id = 1),
  value integer not null
);
insert into grain_version (id, value) values (1, 0) on conflict do nothing;

create table if not exists grain_state (
  service_id  text    not null,
  state_name  text    not null,
  grain_id    text    not null,
  payload     blob    not null,
  version     integer not null,
  modified_at text    not null default current_timestamp,
  primary key (service_id, state_name, grain_id)
);

create table if not exists OrleansQuery (
  QueryKey  text primary key,
  QueryText text not null
);

create table if not exists reminder (
  service_id text    not null,
  grain_id   text    not null,
  name       text    not null,
  start_at   text    not null,
  period_ms  integer not null,
  grain_hash integer not null,
  version    integer not null,
  primary key (service_id, grain_id, name)
) without rowid;

create index if not exists reminder_by_hash on reminder (service_id, grain_hash);

insert into OrleansQuery (QueryKey, QueryText) values
('UpsertReminderRowKey', '
insert into reminder (service_id, grain_id, name, start_at, period_ms, grain_hash, version)
values (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, 0)
on conflict (service_id, grain_id, name) do update
  set start_at = excluded.start_at, period_ms = excluded.period_ms, grain_hash = excluded.grain_hash, version = version + 1
returning version as Version'),
('ReadReminderRowKey', '
select grain_id as GrainId, name as ReminderName, start_at as StartTime, period_ms as Period, version as Version
from reminder
where service_id = @ServiceId and grain_id = @GrainId and name = @ReminderName'),
('ReadReminderRowsKey', '
select grain_id as GrainId, name as ReminderName, start_at as StartTime, period_ms as Period, version as Version
from reminder
where service_id = @ServiceId and grain_id = @GrainId'),
('ReadRangeRows1Key', '
select grain_id as GrainId, name as ReminderName, start_at as StartTime, period_ms as Period, version as Version
from reminder
where service_id = @ServiceId and grain_hash > @BeginHash and grain_hash <= @EndHash'),
('ReadRangeRows2Key', '
select grain_id as GrainId, name as ReminderName, start_at as StartTime, period_ms as Period, version as Version
from reminder
where service_id = @ServiceId and (grain_hash > @BeginHash or grain_hash <= @EndHash)'),
('DeleteReminderRowKey', '
delete from reminder
where service_id = @ServiceId and grain_id = @GrainId and name = @ReminderName and version = @Version;
select changes()'),
('DeleteReminderRowsKey', '
delete from reminder where service_id = @ServiceId')
on conflict (QueryKey) do update set QueryText = excluded.QueryText where QueryText <> excluded.QueryText;
