import { useState } from 'preact/hooks';
import { count, dateTime, time, words } from '../core/format';
import { href, route, setQuery } from '../core/router';
import type { StreamState } from '../core/sse';
import { Empty, Field, Panel } from '../ui/bits';
import { useEvents, type EventQuery, type MeshEvent } from './store';

// All that there are: a test compares them with the constants of the log.
const Kinds = [
  'NODE_JOINED', 'NODE_CHANGED', 'NODE_LEFT', 'NODE_HEALTH_CHANGED', 'NODE_DRAINED', 'MODEL_LOADED', 'MODEL_UNLOADED', 'MODEL_REGISTERED', 'MODEL_CHANGED',
  'MODEL_REMOVED', 'MODEL_COMMAND_DONE', 'MODEL_COMMAND_FAILED', 'POLICY_CREATED', 'POLICY_UPDATED', 'POLICY_DELETED', 'ENDPOINT_CREATED', 'ENDPOINT_UPDATED',
  'ENDPOINT_DELETED', 'TENANT_CREATED', 'TENANT_UPDATED', 'TENANT_DELETED', 'PLUGIN_PUSHED', 'PLUGIN_ENABLED', 'PLUGIN_DISABLED', 'PLUGIN_ROLLED_BACK',
  'PLUGIN_REMOVED', 'EXPERIMENT_STARTED', 'EXPERIMENT_CHANGED', 'EXPERIMENT_WARNED', 'EXPERIMENT_DELETED', 'JOB_SUBMITTED', 'JOB_STATE_CHANGED', 'JOB_CHANGED', 'JOB_PLACED', 'KEY_CREATED', 'KEY_ROTATED', 'KEY_REVOKED', 'AUDIT_CALL', 'AUDIT_DENIED',
];

export function StateLine({ state }: { state: StreamState }) {
  return (
    <span class={`stream ${state.kind}`} role="status">
      {state.kind === 'live' ? 'live' : state.kind === 'connecting' ? 'connecting' : state.kind === 'waiting' ? 'reconnecting' : state.why || 'ended'}
    </span>
  );
}

// What happens to the mesh, without the record of who called what: that is long, and of interest where one object is looked at.
const Happenings = Kinds.filter((k) => !k.startsWith('AUDIT_')).join(',');

/** The last few events, beside something else. */
export function EventTicker({ subject, most = 12 }: { subject?: string; most?: number }) {
  const { events, state } = useEvents(subject ? { subject } : { types: Happenings }, most);
  return (
    <Panel title="Events" actions={<><StateLine state={state} /><a class="button" href={subject ? `#/events?subject=${encodeURIComponent(subject)}` : '#/events'}>All</a></>}>
      {events.length === 0 ? <Empty>Nothing has happened lately.</Empty> : <EventRows events={events} />}
    </Panel>
  );
}

const AtOnce = 200;

export function EventsPage() {
  const [shown, setShown] = useState(AtOnce);
  const query = route.value.query;
  const of = (name: keyof EventQuery) => query.get(name) ?? '';
  const { events, state, truncated } = useEvents({ types: of('types'), subject: of('subject'), actor: of('actor'), tenant: of('tenant') }, 1000, 1000);
  const text = (name: keyof EventQuery, label: string) => (
    <Field label={label}>{(id) => <input id={id} type="search" value={of(name)} onChange={(e) => setQuery({ [name]: e.currentTarget.value.trim() })} />}</Field>
  );
  return (
    <>
      <h1>Events</h1>
      <Panel title={count(events.length, 'event')} actions={<StateLine state={state} />}>
        <div class="filters">
          <Field label="Type">
            {(id) => (
              <select id={id} value={of('types')} onChange={(e) => setQuery({ types: e.currentTarget.value })}>
                <option value="">all</option>
                <option value={Happenings}>all but calls</option>
                <option value="AUDIT_CALL,AUDIT_DENIED">calls</option>
                <optgroup label="One type">{Kinds.map((k) => <option value={k}>{words(k)}</option>)}</optgroup>
              </select>
            )}
          </Field>
          {text('subject', 'Subject')}
          {text('actor', 'Actor')}
          {text('tenant', 'Tenant')}
        </div>
        {truncated && <p class="notice warn">Older events are no longer kept.</p>}
        {events.length === 0 ? <Empty>No such event among the last thousand. New ones appear here.</Empty> : <EventRows events={events.slice(0, shown)} full />}
        {events.length > shown && <button type="button" class="button" onClick={() => setShown(shown + AtOnce)}>Show {Math.min(AtOnce, events.length - shown)} more</button>}
      </Panel>
    </>
  );
}

function EventRows({ events, full }: { events: MeshEvent[]; full?: boolean }) {
  return (
    <ol class="events">
      {events.map((e) => (
        <li key={e.id}>
          <time dateTime={e.at} title={dateTime(e.at)}>{full ? dateTime(e.at) : time(e.at)}</time>
          <span class={`event-type ${moodOf(e)}`}>{words(e.type)}</span>
          <span class="event-text">
            {e.type.startsWith('AUDIT') ? <Call of={e} /> : <>{link(e)} {change(e)}</>}
            {e.actor && <span class="dim"> by {e.actor}</span>}
            {e.reason && <span class="dim">: {e.reason}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Who called what, with the name of what it was about in its place. */
function Call({ of: e }: { of: MeshEvent }) {
  const d = e.data ?? {};
  const path = (d.path ?? d.call ?? '').replace('/api/v1', '');
  const isNamed = /\{[^}]+\}/.test(path);
  return <>{[d.method, isNamed ? path.replace(/\{[^}]+\}/, e.subject) : path].filter(Boolean).join(' ')} <span class="dim">{!isNamed && e.subject} {d.status}</span></>;
}

function change(e: MeshEvent) {
  const d = e.data ?? {};
  if (d.from || d.to) return <span>{words(d.from ?? '')} → {words(d.to ?? '')}</span>;
  if (e.type.startsWith('MODEL') && d.node) return <span class="dim">on <a href={href('nodes', d.node)}>{d.node}</a></span>;
  if (e.versionAfter) return <span class="dim">version {e.versionAfter}</span>;
  return null;
}

function moodOf(e: MeshEvent): string {
  const to = e.data?.to?.toLowerCase();
  if (e.type === 'AUDIT_DENIED' || to === 'offline' || to === 'quarantined' || to === 'failed' || e.type.endsWith('_FAILED')) return 'bad';
  if (to === 'suspect' || to === 'degraded' || to === 'preempted' || e.type.endsWith('_DELETED') || e.type === 'EXPERIMENT_WARNED' || e.type === 'NODE_LEFT') return 'warn';
  return '';
}

function link(e: MeshEvent) {
  const [kind] = e.type.split('_');
  const page = { NODE: 'nodes', MODEL: 'models', POLICY: 'policies', ENDPOINT: 'endpoints', EXPERIMENT: 'experiments', TENANT: 'tenants', JOB: 'jobs' }[kind!];
  return page && e.subject ? <a href={href(page, e.subject)}>{e.subject}</a> : <span>{e.subject}</span>;
}
