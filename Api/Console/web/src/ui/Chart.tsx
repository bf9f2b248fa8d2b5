import { useEffect, useId, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { num } from '../core/format';
import { colour, theme } from '../core/theme';

export interface Line {
  label: string;
  /** Variable of the style sheet. */
  stroke: string;
}

export interface ChartProps {
  title: string;
  unit: string;
  lines: Line[];
  /** Seconds since 1970, then a column per line; null where it is unknown. */
  data: (number | null)[][];
  /** Least top of the scale. */
  top?: number;
  /** Counts: there is nothing between one and two. */
  whole?: boolean;
  format?: (value: number | null | undefined) => string;
}

/** Seconds that a chart looks back. */
const Window = 300;

/** Where the scale of the time ends: now, or at the last reading where the clock that took it is ahead of this one. */
const endOf = (times: (number | null)[]) => Math.max(Date.now() / 1000, times.at(-1) ?? 0);

const Whole = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000, 500_000, 1_000_000];
const Minutes = uPlot.fmtDate('{HH}:{mm}');
const Seconds = uPlot.fmtDate('{HH}:{mm}:{ss}');

/** Readings without a neighbour, which no line goes through. */
function alone(u: uPlot, series: number): number[] | null {
  const values = u.data[series]!;
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  return found.length > 0 ? found : null;
}

/** A live line chart of the last minutes. What it shows last stands beside its title as text. */
export function Chart({ title, unit, lines, data, top, whole, format = num }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const end = useRef(0);
  const id = useId();
  const mode = theme.value;
  const key = lines.map((l) => l.label).join('\n');
  useEffect(() => {
    end.current = endOf(data[0]!);
    const ink = colour('--muted');
    const grid = { stroke: colour('--line'), width: 1 };
    const axis = { stroke: ink, grid, ticks: { show: false }, font: '11px system-ui, sans-serif' };
    const u = new uPlot(
      {
        width: host.current!.clientWidth,
        height: 150,
        padding: [8, 16, 0, 0],
        cursor: { y: false, points: { size: 6 } },
        legend: { show: false },
        scales: { x: { range: () => [end.current - Window, end.current] }, y: { range: (_u, _low, high) => [0, Math.max(top ?? 0, high > 0 ? high * 1.1 : 1)] } },
        axes: [{ ...axis, size: 26, space: 36, values: (_u, ticks, _axis, _space, step) => ticks.map((t) => (step % 60 === 0 ? Minutes : Seconds)(new Date(t * 1000))) }, { ...axis, size: 46, space: 30, ...(whole ? { incrs: Whole } : {}), values: (_u, ticks) => ticks.map((t) => format(t)) }],
        series: [{}, ...lines.map((l) => ({ label: l.label, stroke: colour(l.stroke), width: 1.5, points: { show: false, size: 6, fill: colour(l.stroke), filter: alone }, spanGaps: false }))],
        hooks: { draw: [({ scales, root }) => Object.assign(root.dataset, { from: scales.x!.min, to: scales.x!.max })] },
      },
      data as uPlot.AlignedData,
      host.current!,
    );
    plot.current = u;
    const resize = new ResizeObserver(() => host.current && u.setSize({ width: host.current.clientWidth, height: 150 }));
    resize.observe(host.current!);
    return () => {
      resize.disconnect();
      u.destroy();
    };
  }, [mode, key, top, whole]);
  useEffect(() => {
    end.current = endOf(data[0]!);
    plot.current?.setData(data as uPlot.AlignedData);
  }, [data]);
  const last = (i: number) => data[i + 1]?.at(-1);
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption id={id}>
        <span class="chart-title">{title}</span> {unit && <span class="unit">{unit}</span>}
        <span class="chart-legend">
          {lines.map((l, i) => (
            <span><i class={`swatch ${l.stroke.slice(2)}`} aria-hidden="true" />{lines.length > 1 && `${l.label} `}<b>{format(last(i))}</b></span>
          ))}
        </span>
      </figcaption>
      <div ref={host} class="chart-host" aria-hidden="true" />
    </figure>
  );
}

/** Points of live charts: as many as fit into ten minutes at one every two seconds. They outlive the page, so that coming back shows what was seen before. */
export class History {
  private static readonly all = new Map<string, History>();
  private static readonly most = 300;
  private static readonly mostKept = 64;
  readonly times: number[] = [];
  readonly columns: (number | null)[][];

  private constructor(width: number) {
    this.columns = Array.from({ length: width }, () => []);
  }

  static of(key: string, width: number): History {
    const known = History.all.get(key);
    if (known) return known;
    const made = new History(width);
    History.all.set(key, made);
    if (History.all.size > History.mostKept) History.all.delete(History.all.keys().next().value!);
    return made;
  }

  add(at: number, values: (number | null | undefined)[]): void {
    if (this.times.at(-1) === at) return;
    this.times.push(at);
    this.columns.forEach((c, i) => c.push(values[i] ?? null));
    if (this.times.length <= History.most) return;
    this.times.shift();
    for (const c of this.columns) c.shift();
  }

  /** The times and some of the columns, for a chart. */
  data(...columns: number[]): (number | null)[][] {
    return [this.times.slice(), ...columns.map((c) => this.columns[c]!.slice())];
  }
}

/** A line without axes: which way it goes. */
export function Sparkline({ values, top }: { values: (number | null)[]; top?: number }) {
  const known = values.filter((v): v is number => v !== null);
  if (known.length < 2) return <svg class="spark" aria-hidden="true" />;
  const high = Math.max(top ?? 0, ...known) || 1;
  const points = values.map((v, i) => (v === null ? null : `${((i / (values.length - 1)) * 100).toFixed(2)},${(24 - (v / high) * 22).toFixed(2)}`)).filter(Boolean).join(' ');
  return (
    <svg class="spark" viewBox="0 0 100 26" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points} fill="none" vector-effect="non-scaling-stroke" />
    </svg>
  );
}
