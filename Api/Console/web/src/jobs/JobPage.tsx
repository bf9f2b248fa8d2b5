import { useEffect, useState } from 'preact/hooks';
import { post, segment } from '../core/client';
import { dateTime, duration, num, seconds, words } from '../core/format';
import { usePoll } from '../core/poll';
import { href } from '../core/router';
import { follow, type StreamState } from '../core/sse';
import { StateLine } from '../events/EventList';
import { Action, Badge, Dialog, Empty, ErrorBox, Facts, Field, Panel, Scroll, useTask, Waiting } from '../ui/bits';
import { Timeline } from './Timeline';
import { Topology } from './Topology';
import { Ended, type Job, type JobEvent } from './types';

export function JobPage({ id }: { id: string }) {
  const path = `api/v1/jobs/${segment(id)}`;
  const { data: job, error, reload } = usePoll<Job>(path, 2000);
  const [events, setEvents] = useState<JobEvent[]>([]);
  const [state, setState] = useState<StreamState>({ kind: 'connecting' });
  useEffect(() => {
    setEvents([]);
    return follow({
      path: () => `${path}/events`,
      mayEnd: true,
      onState: setState,
      onEvent: ({ type, data }) => {
        if (type === 'TRUNCATED') return;
        const e = JSON.parse(data) as JobEvent;
        setEvents((known) => (e.sequence > (known.at(-1)?.sequence ?? 0) ? [...known, e].slice(-1000) : known));
      },
    });
  }, [path]);
  if (!job) return <><h1>{id}</h1><Waiting error={error} what="the job" /></>;
  const p = job.progress;
  return (
    <>
      <p class="crumbs"><a href="#/jobs">Training jobs</a></p>
      <h1>{job.spec.name} <Badge of={job.state} /></h1>
      {job.reason && <p class="lead">{job.reason}</p>}
      <Panel title="How far it is" actions={<Commands job={job} onDone={reload} />}>
        <Facts of={[
          ['Id', <span class="mono">{job.id}</span>], ['Tenant', [job.spec.tenant, job.spec.project].filter(Boolean).join(' / ')], ['Priority', job.spec.priority ?? '–'], ['Workers', `${job.placement?.workers ?? 0} of ${job.desiredWorkers}, ${job.spec.gpusPerWorker ?? 1} GPUs each`],
          ['Step', p.step === undefined ? 'none yet' : `${num(p.step)}${p.stepSeconds ? `, ${seconds(p.stepSeconds)} each` : ''}`], ['Checkpoint', p.checkpointStep === undefined ? 'none' : `step ${num(p.checkpointStep)}, ${dateTime(p.checkpointAt)}`],
          ['Restarts', p.restarts], ['GPU time', duration(p.gpuSeconds)], ['Submitted', `${dateTime(job.submittedAt)}${job.submittedBy ? ` by ${job.submittedBy}` : ''}`], ['Ended', job.endedAt ? dateTime(job.endedAt) : '–'],
        ]} />
        <Timeline events={events} />
      </Panel>
      <Panel title="Where it runs" actions={job.placement?.strategy && <span class="dim">{job.placement.strategy}, placement {job.placement.fence}</span>}>
        {job.placement ? (
          <>
            <Topology placement={job.placement} lost={job.lostNodes} />
            {job.placement.why && <p>{job.placement.why}</p>}
            <details>
              <summary>As a table</summary>
              <Scroll label="Placement">
                <table>
                  <thead><tr><th>Node</th><th>Cell</th><th class="right">Workers</th><th>Ranks</th><th>GPUs</th></tr></thead>
                  <tbody>{job.placement.groups.map((g) => <tr><td><a href={href('nodes', g.node)}>{g.node}</a></td><td>{g.cell}</td><td class="right">{g.workers}</td><td>{g.firstRank} to {g.firstRank + g.gpus.length - 1}</td><td class="mono small">{g.gpus.join(' ')}</td></tr>)}</tbody>
                </table>
              </Scroll>
            </details>
          </>
        ) : <Empty>It has no place now.</Empty>}
      </Panel>
      <Panel title="What happened" actions={state.kind === 'ended' && !state.why ? <span class="dim">complete</span> : <StateLine state={state} />}>
        <ol class="events">
          {events.toReversed().slice(0, 200).map((e) => (
            <li key={e.sequence}>
              <time dateTime={e.at} title={dateTime(e.at)}>{dateTime(e.at)}</time>
              <span class={`event-type ${e.kind.includes('fail') || e.kind.includes('lost') ? 'bad' : ''}`}>{words(e.kind)}</span>
              <span class="event-text"><Badge of={e.state} /> {e.reason} {e.actor && <span class="dim">by {e.actor}</span>}</span>
            </li>
          ))}
        </ol>
      </Panel>
    </>
  );
}

function Commands({ job, onDone }: { job: Job; onDone: () => void }) {
  const [asks, setAsks] = useState<'pause' | 'cancel' | 'scale' | null>(null);
  const [reason, setReason] = useState('');
  const [workers, setWorkers] = useState(job.desiredWorkers);
  const task = useTask();
  if (Ended.includes(job.state)) return null;
  const send = (verb: string, body?: unknown) => task.run(async () => {
    await post(`api/v1/jobs/${segment(job.id)}:${verb}`, body);
    setAsks(null);
    onDone();
  });
  return (
    <>
      {job.state === 'paused' ? <Action permission="jobs.write" kind="primary" busy={task.busy} onClick={() => void send('resume')}>Resume</Action> : <Action permission="jobs.write" onClick={() => setAsks('pause')}>Pause</Action>}
      <Action permission="jobs.write" busy={task.busy} onClick={() => void send('checkpoint')}>Checkpoint</Action>
      <Action permission="jobs.write" onClick={() => setAsks('scale')}>Scale</Action>
      <Action permission="jobs.write" kind="danger" onClick={() => setAsks('cancel')}>Cancel job</Action>
      {asks === null && <ErrorBox error={task.error} />}
      <Dialog title={`${asks ?? ''} ${job.spec.name}`} open={asks !== null} onClose={() => setAsks(null)}>
        {asks === 'scale'
          ? <Field label="Workers">{(id) => <input id={id} type="number" min={1} value={workers} onInput={(e) => setWorkers(e.currentTarget.valueAsNumber)} />}</Field>
          : <Field label="Reason">{(id) => <input id={id} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}</Field>}
        <ErrorBox error={task.error} />
        <div class="actions end">
          <button type="button" class="button" onClick={() => setAsks(null)}>Leave it</button>
          <Action kind={asks === 'cancel' ? 'danger' : 'primary'} busy={task.busy} onClick={() => void send(asks!, asks === 'scale' ? { workers } : reason ? { reason } : undefined)}>{asks ?? ''} job</Action>
        </div>
      </Dialog>
    </>
  );
}
