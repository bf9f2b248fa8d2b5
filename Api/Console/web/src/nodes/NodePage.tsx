import { useState } from 'preact/hooks';
import { post, segment } from '../core/client';
import { bytes, dateTime, ms, num, percent, seconds, words } from '../core/format';
import { usePoll } from '../core/poll';
import { href } from '../core/router';
import { can } from '../core/session';
import { EventTicker } from '../events/EventList';
import { Action, Ago, Badge, Dialog, Empty, ErrorBox, Facts, Field, Meter, Panel, Scroll, Synthetic, useTask, Waiting } from '../ui/bits';
import { Chart, History } from '../ui/Chart';
import type { ModelReading, NodeDetail, Runtime } from './types';

const Columns = 9;
const sum = (values: (number | undefined)[]) => (values.some((v) => v !== undefined) ? values.reduce<number>((a, v) => a + (v ?? 0), 0) : null);
const most = (values: (number | undefined)[]) => (values.some((v) => v !== undefined) ? Math.max(...values.map((v) => v ?? 0)) : null);
const mean = (values: (number | undefined)[]) => {
  const known = values.filter((v): v is number => v !== undefined);
  return known.length > 0 ? known.reduce((a, v) => a + v, 0) / known.length : null;
};

function vram(node: NodeDetail): number | null {
  const [used, total] = [sum(node.gpus.map((g) => g.vramUsedBytes)), sum(node.gpus.map((g) => g.vramTotalBytes))];
  return used !== null && total ? used / total : null;
}

function note(history: History, node: NodeDetail): void {
  if (!node.sampledAt) return;
  const models = node.runtimes.flatMap((r) => r.models);
  history.add(Date.parse(node.sampledAt) / 1000, [
    sum(models.map((m) => m.running)), sum(models.map((m) => m.waiting)), most(models.map((m) => m.kvCacheUsage)), mean(node.gpus.map((g) => g.smUtilization)),
    most(node.gpus.map((g) => g.temperatureCelsius)), sum(node.gpus.map((g) => g.powerWatts)), sum(models.map((m) => m.generationTokensPerSecond)), most(models.map((m) => m.ttftP95Seconds)), vram(node),
  ]);
}

export function NodePage({ id }: { id: string }) {
  const history = History.of(`node ${id}`, Columns);
  const { data: node, error, reload } = usePoll<NodeDetail>(`api/v1/nodes/${segment(id)}`, 2000, (n) => note(history, n));
  if (!node) return <><h1>{id}</h1><Waiting error={error} what="the node" /></>;
  return (
    <>
      <p class="crumbs"><a href="#/nodes">Nodes</a></p>
      <h1>{node.id} <Badge of={node.health} /> <Synthetic is={node.synthetic} /></h1>
      {error && <ErrorBox error={error} />}
      {node.quarantine && (
        <p class={`notice ${node.quarantine.probing ? 'warn' : 'bad'}`}>
          <strong>{words(node.quarantine.kind)}</strong> {node.quarantine.evidence} {node.quarantine.until && <>Until {dateTime(node.quarantine.until)}.</>}
        </p>
      )}
      <Panel actions={<Commands node={node} onDone={reload} />} title="What it is">
        <Facts of={[
          ['Cell', node.cell], ...(node.zone ? [['Zone', node.zone] as [string, string]] : []), ...(node.region ? [['Region', node.region] as [string, string]] : []), ['In this state', <Ago at={node.healthSince} />],
          ...(node.reason ? [['Reason', node.reason] as [string, string]] : []),
          ['RTT to the API', ms(node.rttMs)],
          ['Readings', node.signals.runtimes ? `${num(node.signals.runtimes.ageSeconds)} s old, confidence ${percent(node.signals.runtimes.confidence)}` : 'none'],
          ['Labels', Object.entries(node.labels).map(([k, v]) => `${k}=${v}`).join(', ') || '–'],
        ]} />
      </Panel>
      <div class="charts by-four">
        <Chart title="Requests" unit="" lines={[{ label: 'running', stroke: '--chart-1' }, { label: 'waiting', stroke: '--chart-2' }]} data={history.data(0, 1)} top={4} whole />
        <Chart title="KV cache" unit="of its size" lines={[{ label: 'KV', stroke: '--chart-1' }]} data={history.data(2)} top={1} format={percent} />
        <Chart title="Generated" unit="tokens/s" lines={[{ label: 'tokens/s', stroke: '--chart-1' }]} data={history.data(6)} top={10} />
        <Chart title="TTFT" unit="p95" lines={[{ label: 'TTFT', stroke: '--chart-1' }]} data={history.data(7)} format={seconds} />
        <Chart title="SM utilisation" unit="mean" lines={[{ label: 'SM', stroke: '--chart-1' }]} data={history.data(3)} top={1} format={percent} />
        <Chart title="VRAM" unit="all GPUs" lines={[{ label: 'VRAM', stroke: '--chart-1' }]} data={history.data(8)} top={1} format={percent} />
        <Chart title="Hottest GPU" unit="°C" lines={[{ label: '°C', stroke: '--chart-3' }]} data={history.data(4)} top={60} />
        <Chart title="Power" unit="W, all GPUs" lines={[{ label: 'W', stroke: '--chart-3' }]} data={history.data(5)} top={100} />
      </div>
      <Gpus node={node} />
      <Runtimes node={node} />
      <div class="columns">
        <Network node={node} />
        {can('events.read') && <EventTicker subject={node.id} />}
      </div>
    </>
  );
}

function Commands({ node, onDone }: { node: NodeDetail; onDone: () => void }) {
  const [verb, setVerb] = useState<'cordon' | 'drain' | 'maintain' | 'quarantine' | null>(null);
  const [reason, setReason] = useState('');
  const [limit, setLimit] = useState(300);
  const task = useTask();
  const isClosed = ['cordoned', 'draining', 'quarantined', 'maintenance', 'probing'].includes(node.health);
  const send = (what: string, body?: unknown) => task.run(async () => {
    await post(`api/v1/nodes/${segment(node.id)}:${what}`, body);
    setVerb(null);
    setReason('');
    onDone();
  });
  const open = (what: typeof verb, text: string, danger = false) => <Action permission="fleet.operate" kind={danger ? 'danger' : undefined} onClick={() => { task.clear(); setVerb(what); }}>{text}</Action>;
  return (
    <>
      {isClosed ? <Action permission="fleet.operate" kind="primary" busy={task.busy} onClick={() => void send('uncordon')}>Uncordon</Action> : open('cordon', 'Cordon')}
      {open('drain', 'Drain')}
      {open('maintain', 'Maintenance')}
      {open('quarantine', 'Quarantine', true)}
      {verb === null && <ErrorBox error={task.error} />}
      <Dialog title={`${verb ?? ''} ${node.id}`} open={verb !== null} onClose={() => setVerb(null)}>
        <p>{verb === 'drain' ? 'New work is kept away, and the drain is done when what runs has ended.' : 'New work is kept away until somebody uncordons the node. What runs goes on.'}</p>
        {verb === 'drain'
          ? <Field label="Deadline, seconds">{(id) => <input id={id} type="number" min={1} max={86400} value={limit} onInput={(e) => setLimit(e.currentTarget.valueAsNumber)} />}</Field>
          : <Field label="Reason">{(id) => <input id={id} maxLength={256} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}</Field>}
        <ErrorBox error={task.error} />
        <div class="actions end">
          <button type="button" class="button" onClick={() => setVerb(null)}>Leave it</button>
          <Action kind="primary" busy={task.busy} onClick={() => void send(verb!, verb === 'drain' ? { timeoutSeconds: limit } : reason ? { reason } : undefined)}>{verb ?? ''}</Action>
        </div>
      </Dialog>
    </>
  );
}

function Gpus({ node }: { node: NodeDetail }) {
  if (node.gpus.length === 0) return <Panel title="GPUs"><Empty>No readings yet.</Empty></Panel>;
  return (
    <Panel title={`${node.gpus.length} ${node.gpus.length === 1 ? 'GPU' : 'GPUs'}`}>
      <Scroll label="GPUs">
        <table>
          <thead><tr><th>GPU</th><th>SM</th><th>VRAM</th><th class="right">Temp</th><th class="right">Power</th><th class="right">ECC</th><th class="right">XID</th><th>State</th></tr></thead>
          <tbody>
            {node.gpus.map((g) => (
              <tr>
                <td title={g.gpuUuid}>{g.name || g.gpuUuid}{g.migProfile && ` ${g.migProfile}`}</td>
                <td><Meter label="SM" value={g.smUtilization} text={percent(g.smUtilization)} tone="plain" /></td>
                <td><Meter label="VRAM" value={g.vramTotalBytes ? (g.vramUsedBytes ?? 0) / g.vramTotalBytes : null} text={`${bytes(g.vramUsedBytes)} / ${bytes(g.vramTotalBytes)}`} tone="plain" /></td>
                <td class="right">{g.temperatureCelsius === undefined ? '–' : `${num(g.temperatureCelsius, 0)} °C`}</td>
                <td class="right">{g.powerWatts === undefined ? '–' : `${num(g.powerWatts, 0)} W`}</td>
                <td class="right">{num(g.eccUncorrectedErrors)}</td>
                <td class="right">{g.lastXid ? g.lastXid : '–'}</td>
                <td>{g.lost ? <Badge of="failed" /> : g.throttled ? <span class="badge warn">throttled</span> : 'ok'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

function Runtimes({ node }: { node: NodeDetail }) {
  const rows = node.runtimes.flatMap((r): { r: Runtime; m: ModelReading | null }[] => (r.models.length > 0 ? r.models.map((m) => ({ r, m })) : [{ r, m: null }]));
  return (
    <Panel title="Runtimes">
      {rows.length === 0 ? <Empty>No runtime reports.</Empty> : (
        <Scroll label="Runtimes">
          <table>
            <thead><tr><th>Model</th><th>Runtime</th><th>State</th><th class="right">Running</th><th class="right">Waiting</th><th>KV cache</th><th class="right">Tokens/s</th><th class="right">TTFT p95</th><th class="right">TPOT</th><th class="right">Prefix hits</th></tr></thead>
            <tbody>
              {rows.map(({ r, m }) => (
                <tr>
                  <td>{m ? <a href={href('models', m.model)}>{m.model}</a> : '–'}</td>
                  <td title={r.endpoint}>{r.runtime}</td>
                  <td>{!r.healthy ? <span class="badge bad" title={r.error}>not answering</span> : m && !m.loaded ? <span class="badge dim">not loaded</span> : <Badge of="healthy" />}</td>
                  <td class="right">{num(m?.running, 0)}{m?.maxConcurrency !== undefined && <span class="dim"> / {num(m.maxConcurrency, 0)}</span>}</td>
                  <td class="right">{num(m?.waiting, 0)}</td>
                  <td><Meter label="KV cache" value={m?.kvCacheUsage} text={percent(m?.kvCacheUsage)} /></td>
                  <td class="right">{num(m?.generationTokensPerSecond, 0)}</td>
                  <td class="right">{seconds(m?.ttftP95Seconds)}</td>
                  <td class="right">{seconds(m?.tpotSeconds)}</td>
                  <td class="right">{percent(m?.prefixCacheHitRate)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function Network({ node }: { node: NodeDetail }) {
  const { rtts = [], links = [] } = node.network ?? {};
  return (
    <Panel title="Network">
      {rtts.length + links.length === 0 && <Empty>It measures nothing of its network.</Empty>}
      {rtts.length > 0 && <Facts of={rtts.map((r) => [`RTT to ${r.api}`, ms(r.rttMs)])} />}
      {links.length > 0 && (
        <Scroll label="Ports">
          <table>
            <thead><tr><th>Port</th><th>State</th><th class="right">Rate</th><th class="right">Out</th><th class="right">In</th></tr></thead>
            <tbody>{links.map((l) => <tr><td>{l.port} {l.linkLayer}</td><td><Badge of={l.state.toLowerCase() || 'unknown'} /></td><td class="right">{bytes(l.rateBytesPerSecond)}/s</td><td class="right">{bytes(l.transmitBytesPerSecond)}/s</td><td class="right">{bytes(l.receiveBytesPerSecond)}/s</td></tr>)}</tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}
