import { useState } from 'preact/hooks';
import { count, num, percent } from '../core/format';
import { can } from '../core/session';
import { EventTicker } from '../events/EventList';
import { Sparkline } from '../ui/Chart';
import { Choice, Empty, Panel } from '../ui/bits';
import { HeatMap } from './HeatMap';
import { Links } from './Links';
import { Healths, MetricChoices, Metrics, Ramp, type MetricKey } from './metrics';
import { cells, complete, streamState, totals } from './store';

export function FleetPage() {
  const [metric, setMetric] = useState<MetricKey>('load');
  const now = totals.value.at(-1);
  const line = (of: 'running' | 'waiting' | 'load' | 'kv' | 'hottest' | 'ready') => totals.value.map((t) => t[of]);
  const state = streamState.value;
  return (
    <>
      <h1>Fleet</h1>
      <div class="stats of-7">
        <Stat label="Nodes ready" value={num(now?.ready)} of={now && num(now.nodes)} tone={now && now.ready < now.nodes ? 'warn' : ''} line={line('ready')} top={now?.nodes} />
        <Stat label="GPUs" value={num(now?.gpus)} />
        <Stat label="Mean load" value={num(now?.load, 2)} tone={(now?.load ?? 0) > 1 ? 'warn' : ''} line={line('load')} top={1} />
        <Stat label="Running" value={num(now?.running, 0)} line={line('running')} />
        <Stat label="Waiting" value={num(now?.waiting, 0)} tone={(now?.waiting ?? 0) > (now?.running ?? 0) ? 'warn' : ''} line={line('waiting')} />
        <Stat label="Fullest KV cache" value={percent(now?.kv)} tone={(now?.kv ?? 0) > 0.95 ? 'warn' : ''} line={line('kv')} top={1} />
        <Stat label="Hottest GPU" value={now?.hottest == null ? '–' : `${num(now.hottest, 0)} °C`} tone={(now?.hottest ?? 0) > 85 ? 'bad' : ''} line={line('hottest')} top={90} />
      </div>
      <Panel title={count(cells.value.length, 'cell')} class="map"
        actions={<><Choice label="Colour by" value={metric} of={MetricChoices} onChange={setMetric} /><a href="#/nodes" class="button">List of nodes</a></>}>
        {cells.value.length > 0 ? <HeatMap cells={cells.value} metric={metric} />
          : <Empty>{complete.value || state.kind === 'live' ? 'No node has registered yet: an agent does that ("infermesh agent").' : state.kind === 'ended' ? state.why : 'Reading the fleet …'}</Empty>}
        <MapLegend metric={metric} />
      </Panel>
      <div class="columns">
        <Links />
        {can('events.read') && <EventTicker />}
      </div>
    </>
  );
}

function Stat(props: { label: string; value: string; of?: string; tone?: string; line?: (number | null)[]; top?: number }) {
  return (
    <div class={`stat ${props.tone ?? ''}`}>
      <span class="stat-label">{props.label}</span>
      <span class="stat-value">{props.value}{props.of !== undefined && <small> / {props.of}</small>}</span>
      {props.line && <Sparkline values={props.line} top={props.top} />}
    </div>
  );
}

function MapLegend({ metric }: { metric: MetricKey }) {
  if (metric === 'health') return <p class="legend">{Healths.map((h) => <span><i class={`swatch health-${h}`} /> {h}</span>)}</p>;
  const m = Metrics[metric];
  return (
    <p class="legend">
      <span>{m.low}</span>
      <svg class="ramp" viewBox={`0 0 ${Ramp.length} 1`} preserveAspectRatio="none" aria-hidden="true">{Ramp.map((fill, i) => <rect x={i} width={1.2} height={1} fill={fill} />)}</svg>
      <span>{m.high}</span>
      <span><i class="swatch unknown" /> unknown</span>
      <span><i class="swatch crossed" /> not ready</span>
    </p>
  );
}
