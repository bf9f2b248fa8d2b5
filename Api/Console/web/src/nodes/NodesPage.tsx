import { useMemo } from 'preact/hooks';
import { count, num, percent } from '../core/format';
import { href, route, setQuery } from '../core/router';
import { Metrics } from '../fleet/metrics';
import { cells, complete, nodesOf, type FleetNode } from '../fleet/store';
import { Badge, Field, Panel } from '../ui/bits';
import { VirtualTable, type Column } from '../ui/VirtualTable';

const Columns: Column<FleetNode>[] = [
  { key: 'node', title: 'Node', width: 'minmax(100px, 2fr)', sort: (n) => n.id, cell: (n) => <a href={href('nodes', n.id)}>{n.id}</a> },
  { key: 'cell', title: 'Cell', width: 'minmax(70px, 1fr)', sort: (n) => n.cell.id, cell: (n) => n.cell.id, wide: true },
  { key: 'zone', title: 'Zone', width: 'minmax(70px, 1fr)', sort: (n) => n.cell.zones[n.index], cell: (n) => n.cell.zones[n.index] || '–', wide: true },
  { key: 'health', title: 'Health', width: '92px', sort: (n) => n.cell.health[n.index], cell: (n) => <Badge of={n.cell.health[n.index]!} /> },
  { key: 'load', title: 'Load', width: '52px', right: true, sort: (n) => n.cell.load[n.index], cell: (n) => num(n.cell.load[n.index], 2) },
  { key: 'kv', title: 'KV', width: '64px', right: true, sort: (n) => n.cell.kvCacheUsage[n.index], cell: (n) => percent(n.cell.kvCacheUsage[n.index]) },
  { key: 'run', title: 'Run', width: '60px', right: true, wide: true, sort: (n) => n.cell.running[n.index], cell: (n) => num(n.cell.running[n.index], 0) },
  { key: 'wait', title: 'Wait', width: '60px', right: true, wide: true, sort: (n) => n.cell.waiting[n.index], cell: (n) => num(n.cell.waiting[n.index], 0) },
  { key: 'gpus', title: 'GPUs', width: '66px', right: true, wide: true, sort: (n) => n.cell.gpus[n.index], cell: (n) => n.cell.gpus[n.index] },
  { key: 'sm', title: 'SM', width: '62px', right: true, wide: true, sort: (n) => n.cell.smUtilization[n.index], cell: (n) => percent(n.cell.smUtilization[n.index]) },
  { key: 'temp', title: 'Temp', width: '72px', right: true, wide: true, sort: (n) => n.cell.temperatureCelsius[n.index], cell: (n) => Metrics.temperature.text(n.cell, n.index) },
  { key: 'rtt', title: 'RTT', width: '80px', right: true, wide: true, sort: (n) => n.cell.rttMs[n.index], cell: (n) => Metrics.rtt.text(n.cell, n.index) },
];

export function NodesPage() {
  const query = route.value.query;
  const [text, health, cell] = [query.get('q') ?? '', query.get('health') ?? '', query.get('cell') ?? ''];
  const all = cells.value;
  const rows = useMemo(
    () => [...nodesOf(all)].filter((n) => (!text || n.id.includes(text)) && (!health || n.cell.health[n.index] === health) && (!cell || n.cell.id === cell)),
    [all, text, health, cell],
  );
  const healths = useMemo(() => [...new Set(all.flatMap((c) => c.health))].sort(), [all]);
  return (
    <>
      <h1>Nodes</h1>
      <Panel title={count(rows.length, 'node')} actions={<a class="button" href="#/">Map</a>}>
        <div class="filters">
          <Field label="Name contains">{(id) => <input id={id} type="search" value={text} onInput={(e) => setQuery({ q: e.currentTarget.value })} />}</Field>
          <Field label="Health">
            {(id) => <select id={id} value={health} onChange={(e) => setQuery({ health: e.currentTarget.value })}><option value="">all</option>{healths.map((h) => <option>{h}</option>)}</select>}
          </Field>
          <Field label="Cell">
            {(id) => <select id={id} value={cell} onChange={(e) => setQuery({ cell: e.currentTarget.value })}><option value="">all</option>{all.map((c) => <option>{c.id}</option>)}</select>}
          </Field>
        </div>
        <VirtualTable label="Nodes" rows={rows} columns={Columns} id={(n) => n.id} height={680} empty={complete.value ? 'No such node.' : 'Reading the fleet …'} />
      </Panel>
    </>
  );
}
