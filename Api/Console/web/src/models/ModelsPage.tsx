import { count, num, percent } from '../core/format';
import { usePoll } from '../core/poll';
import { href } from '../core/router';
import { can } from '../core/session';
import { EventTicker } from '../events/EventList';
import { Badge, Empty, Facts, Meter, Panel, Scroll, Synthetic, Waiting } from '../ui/bits';
import { Chart, History } from '../ui/Chart';
import { VirtualTable, type Column } from '../ui/VirtualTable';

interface Replica {
  node: string;
  cell: string;
  runtime: string;
  endpoint: string;
  gpu?: string;
  healthy: boolean;
  loaded: boolean;
  running?: number;
  waiting?: number;
  kvCacheUsage?: number;
}

interface Model {
  name: string;
  revisions: string[];
  replicaCount: number;
  readyReplicaCount: number;
  running: number;
  waiting: number;
  synthetic: boolean;
  replicas: Replica[];
  registration?: {
    version: number;
    changedBy: string;
    desiredReplicas: number;
    readyReplicas: number;
    unplacedReplicas: number;
    unplacedReasons: Record<string, number>;
    states: { node: string; endpoint: string; runtime: string; state: string; error?: string }[];
    autoscale?: { desiredReplicas: number; load?: number; ttftP95Ms?: number };
  };
}

export function ModelsPage() {
  const { data, error } = usePoll<{ items: Model[] }>('api/v1/models', 3000);
  return (
    <>
      <h1>Models</h1>
      <Panel title={data ? count(data.items.length, 'model') : 'Models'}>
        {!data ? <Waiting error={error} what="models" /> : data.items.length === 0 ? <Empty>No node serves a model, and none is registered.</Empty> : (
          <Scroll label="Models">
            <table>
              <thead><tr><th>Model</th><th>Ready</th><th class="right">Running</th><th class="right">Waiting</th><th class="right">Wanted</th></tr></thead>
              <tbody>
                {data.items.map((m) => (
                  <tr>
                    <td><a href={href('models', m.name)}>{m.name}</a> <Synthetic is={m.synthetic} /></td>
                    <td><Meter label="Ready replicas" value={m.replicaCount > 0 ? m.readyReplicaCount / m.replicaCount : 0} text={`${m.readyReplicaCount} / ${m.replicaCount}`} tone={m.readyReplicaCount < m.replicaCount ? 'warn' : 'good'} /></td>
                    <td class="right">{num(m.running, 0)}</td>
                    <td class="right">{num(m.waiting, 0)}</td>
                    <td class="right">{m.registration ? m.registration.desiredReplicas : <span class="dim">not registered</span>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Panel>
    </>
  );
}

const Columns: Column<Replica>[] = [
  { key: 'node', title: 'Node', width: 'minmax(110px, 2fr)', sort: (r) => r.node, cell: (r) => <a href={href('nodes', r.node)}>{r.node}</a> },
  { key: 'cell', title: 'Cell', width: '1fr', sort: (r) => r.cell, cell: (r) => r.cell, wide: true },
  { key: 'runtime', title: 'Runtime', width: '1fr', sort: (r) => r.runtime, cell: (r) => <span title={r.endpoint}>{r.runtime}</span>, wide: true },
  { key: 'gpu', title: 'GPU', width: '1fr', sort: (r) => r.gpu, cell: (r) => r.gpu ?? '–', wide: true },
  { key: 'state', title: 'State', width: '110px', cell: (r) => <Badge of={!r.healthy ? 'unhealthy' : r.loaded ? 'loaded' : 'not loaded'} /> },
  { key: 'run', title: 'Run', width: '60px', right: true, sort: (r) => r.running, cell: (r) => num(r.running, 0) },
  { key: 'wait', title: 'Wait', width: '60px', right: true, sort: (r) => r.waiting, cell: (r) => num(r.waiting, 0) },
  { key: 'kv', title: 'KV', width: '64px', right: true, sort: (r) => r.kvCacheUsage, cell: (r) => percent(r.kvCacheUsage) },
];

export function ModelPage({ name }: { name: string }) {
  const history = History.of(`model ${name}`, 5);
  const { data: m, error } = usePoll<Model>(`api/v1/models/${name.split('/').map(encodeURIComponent).join('/')}`, 2000, (model) => {
    const kv = model.replicas.map((r) => r.kvCacheUsage).filter((v): v is number => v !== undefined);
    history.add(Date.now() / 1000, [model.running, model.waiting, kv.length > 0 ? kv.reduce((a, v) => a + v, 0) / kv.length : null, kv.length > 0 ? Math.max(...kv) : null, model.readyReplicaCount]);
  });
  if (!m) return <><h1>{name}</h1><Waiting error={error} what="the model" /></>;
  const r = m.registration;
  return (
    <>
      <p class="crumbs"><a href="#/models">Models</a></p>
      <h1>{m.name} <Synthetic is={m.synthetic} /></h1>
      <div class="charts">
        <Chart title="Requests" unit="" lines={[{ label: 'running', stroke: '--chart-1' }, { label: 'waiting', stroke: '--chart-2' }]} data={history.data(0, 1)} top={4} whole />
        <Chart title="KV cache" unit="" lines={[{ label: 'mean', stroke: '--chart-1' }, { label: 'fullest', stroke: '--chart-2' }]} data={history.data(2, 3)} top={1} format={percent} />
        <Chart title="Ready replicas" unit="" lines={[{ label: 'ready', stroke: '--chart-3' }]} data={history.data(4)} top={m.replicaCount + 1} whole />
      </div>
      <Panel title="What is registered">
        {r ? (
          <>
            <Facts of={[
              ['Version', `${r.version} by ${r.changedBy}`], ['Replicas wanted', r.desiredReplicas], ['Replicas ready', r.readyReplicas], ['Without a place', r.unplacedReplicas],
              ...(r.autoscale ? [['Load decides', `${r.autoscale.desiredReplicas} replicas at load ${num(r.autoscale.load, 2)}`] as [string, string]] : []),
            ]} />
            {r.unplacedReplicas > 0 && <p class="notice warn">No place: {Object.entries(r.unplacedReasons).map(([why, n]) => `${why} (${n} nodes)`).join(', ')}</p>}
            {r.states.some((s) => s.error) && <p class="notice bad">{r.states.filter((s) => s.error).map((s) => `${s.node}: ${s.error}`).join('; ')}</p>}
          </>
        ) : <Empty>Nobody registered it: nodes serve it of their own accord.</Empty>}
      </Panel>
      <Panel title={`${m.readyReplicaCount} of ${m.replicaCount} replicas ready`}><VirtualTable label="Replicas" rows={m.replicas} columns={Columns} id={(x) => x.node + x.endpoint} height={480} /></Panel>
      {can('events.read') && <EventTicker subject={m.name} />}
    </>
  );
}
