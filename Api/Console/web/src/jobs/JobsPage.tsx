import { count, duration, num } from '../core/format';
import { usePoll } from '../core/poll';
import { href, route, setQuery } from '../core/router';
import { can } from '../core/session';
import { Ago, Badge, Empty, Meter, Panel, Scroll, Waiting } from '../ui/bits';
import type { Job } from './types';

interface Capacity {
  nodes: { node: string; cell?: string; gpuType?: string; gpus: number; training: number; serving: number; lent: number; free: number; closed?: string }[];
  waiting: number;
}

export function JobsPage() {
  const state = route.value.query.get('state') ?? '';
  const { data, error } = usePoll<{ items: Job[]; total: number; byState: Record<string, number> }>(`api/v1/jobs?limit=200${state ? `&state=${encodeURIComponent(state)}` : ''}`, 3000);
  const capacity = usePoll<Capacity>(can('capacity.read') ? 'api/v1/capacity' : null, 5000);
  const nodes = capacity.data?.nodes ?? [];
  const sum = (of: 'gpus' | 'training' | 'serving' | 'free' | 'lent') => nodes.reduce((n, x) => n + x[of], 0);
  return (
    <>
      <h1>Training jobs</h1>
      {nodes.length > 0 && (
        <div class="stats of-5">
          <div class="stat"><span class="stat-label">GPUs for training</span><span class="stat-value">{sum('gpus')}</span></div>
          <div class="stat"><span class="stat-label">Training</span><span class="stat-value">{sum('training')}</span></div>
          <div class="stat"><span class="stat-label">Serving</span><span class="stat-value">{sum('serving')}</span></div>
          <div class="stat"><span class="stat-label">Free</span><span class="stat-value">{sum('free')}</span></div>
          <div class="stat"><span class="stat-label">Jobs that wait</span><span class="stat-value">{capacity.data!.waiting}</span></div>
        </div>
      )}
      <Panel title={data ? count(data.total, 'job') : 'Jobs'}
        actions={data && Object.keys(data.byState).length > 0 && <div class="choice" role="group" aria-label="State"><button type="button" aria-pressed={!state} onClick={() => setQuery({ state: '' })}>all</button>{Object.entries(data.byState).map(([s, n]) => <button type="button" aria-pressed={state === s} onClick={() => setQuery({ state: s })}>{s} {n}</button>)}</div>}>
        {!data ? <Waiting error={error} what="jobs" /> : data.items.length === 0 ? <Empty>No job. "infermesh job submit" submits one.</Empty> : (
          <Scroll label="Jobs">
            <table>
              <thead><tr><th>Job</th><th>State</th><th>Tenant</th><th class="right">Workers</th><th class="right">GPUs</th><th class="right">Step</th><th class="right">GPU time</th><th>Submitted</th></tr></thead>
              <tbody>
                {data.items.map((j) => (
                  <tr>
                    <td><a href={href('jobs', j.id)}>{j.spec.name}</a> <span class="dim mono">{j.id.slice(-6)}</span></td>
                    <td><Badge of={j.state} /></td>
                    <td>{[j.spec.tenant, j.spec.project].filter(Boolean).join(' / ')}</td>
                    <td class="right">{j.placement?.workers ?? 0} / {j.desiredWorkers}</td>
                    <td class="right">{j.placement?.ranks ?? 0}</td>
                    <td class="right">{num(j.progress.step)}</td>
                    <td class="right">{duration(j.progress.gpuSeconds)}</td>
                    <td><Ago at={j.submittedAt} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Panel>
      {nodes.length > 0 && (
        <Panel title="Who has the GPUs">
          <Scroll label="GPUs by node">
            <table>
              <thead><tr><th>Node</th><th>Cell</th><th>GPU</th><th>Training</th><th class="right">Serving</th><th class="right">Lent</th><th class="right">Free</th><th></th></tr></thead>
              <tbody>
                {nodes.map((n) => (
                  <tr>
                    <td><a href={href('nodes', n.node)}>{n.node}</a></td><td>{n.cell ?? '–'}</td><td>{n.gpuType ?? '–'}</td>
                    <td><Meter label="Training" value={n.gpus > 0 ? n.training / n.gpus : 0} text={`${n.training} / ${n.gpus}`} tone="plain" /></td>
                    <td class="right">{n.serving}</td><td class="right">{n.lent}</td><td class="right">{n.free}</td><td class="dim">{n.closed}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </Panel>
      )}
    </>
  );
}
