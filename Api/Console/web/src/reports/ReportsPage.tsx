import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { bytes, digits, num } from '../core/format';
import { Empty, Panel, Scroll } from '../ui/bits';

interface Figure {
  mean: number;
  low: number | null;
  high: number | null;
}

interface Metrics {
  schema: string;
  strategy: string;
  synthetic: boolean;
  complete: boolean;
  simulated_seconds: number;
  request_counters?: { arrived: number; completed: number; rejected: number; unfinished: number };
  figures?: Record<string, Figure>;
}

type Report = { id: number; name: string; size: number } & ({ kind: 'html'; html: string } | { kind: 'metrics'; metrics: Metrics });

const MostBytes = 64 << 20;
const reports = signal<Report[]>([]);
let opened = 0;

async function read(file: File): Promise<Report> {
  if (file.size > MostBytes) throw new Error(`${file.name} has ${bytes(file.size)}; reports of up to ${bytes(MostBytes)} are shown.`);
  const text = await file.text();
  if (/\.html?$/i.test(file.name)) return { id: ++opened, name: file.name, size: file.size, kind: 'html', html: text };
  let metrics: Partial<Metrics>;
  try {
    metrics = JSON.parse(text);
  } catch {
    throw new Error(`${file.name} is neither a report.html nor JSON: open a file that "infermesh sim run" wrote.`);
  }
  if (typeof metrics.schema !== 'string' || typeof metrics.strategy !== 'string') throw new Error(`${file.name} is not a metrics.json of the simulator: it has no "schema" and "strategy".`);
  return { id: ++opened, name: `${metrics.strategy} (${file.name})`, size: file.size, kind: 'metrics', metrics: metrics as Metrics };
}

/** Reports of the simulator, opened from files: they stay in this tab, nothing is sent anywhere. */
export function ReportsPage() {
  const [shown, setShown] = useState<number | null>(null);
  const [errors, setErrors] = useState<string[]>([]);
  const open = async (files: FileList | File[]) => {
    const results = await Promise.allSettled([...files].map(read));
    const good = results.filter((r) => r.status === 'fulfilled').map((r) => r.value);
    setErrors(results.filter((r) => r.status === 'rejected').map((r) => (r.reason as Error).message));
    if (good.length === 0) return;
    // All runs of the simulator write files of the same names: none replaces another.
    reports.value = [...reports.value, ...good];
    setShown(good.find((r) => r.kind === 'html')?.id ?? shown);
  };
  const pages = reports.value.filter((r) => r.kind === 'html');
  const metrics = reports.value.filter((r) => r.kind === 'metrics');
  const page = pages.find((r) => r.id === shown);
  return (
    <>
      <h1>Simulator reports</h1>
      <p class="lead">Open what <code>infermesh sim run</code> wrote: <code>report.html</code>, or the <code>metrics.json</code> of several strategies to compare them. Files stay in this tab.</p>
      <div class="panel drop" onDragOver={(e) => e.preventDefault()} onDrop={(e) => { e.preventDefault(); void open(e.dataTransfer!.files); }}>
        <label class="button primary">Open files<input class="sr-only" type="file" multiple accept=".html,.htm,.json" onChange={(e) => { void open([...e.currentTarget.files!]); e.currentTarget.value = ''; }} /></label>
        <span class="dim"> or drop them here</span>
        {errors.length > 0 && <div class="notice bad" role="alert">{errors.map((e) => <p>{e}</p>)}</div>}
      </div>
      {metrics.length > 0 && <Comparison of={metrics.map((m) => m.metrics)} />}
      {pages.length > 0 && (
        <Panel title="Reports" actions={<div class="choice" role="group" aria-label="Report">{pages.map((r) => <button type="button" aria-pressed={r.id === shown} onClick={() => setShown(r.id)}>{labelOf(r, pages)}</button>)}</div>}>
          {page ? <Frame key={page.id} html={page.html} name={labelOf(page, pages)} /> : <Empty>Pick one.</Empty>}
        </Panel>
      )}
    </>
  );
}

/** Its name, with a number where several have it. */
function labelOf(report: Report, all: Report[]): string {
  const same = all.filter((r) => r.name === report.name);
  return same.length > 1 ? `${report.name} (${same.indexOf(report) + 1})` : report.name;
}

function Frame({ html, name }: { html: string; name: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    // The frame has no origin to name; only what it asks for goes to it.
    const give = (e: MessageEvent) => e.source === frame.current?.contentWindow && e.data === 'ready' && frame.current!.contentWindow!.postMessage({ html }, '*');
    addEventListener('message', give);
    return () => removeEventListener('message', give);
  }, [html]);
  return <iframe ref={frame} class="report" title={`Report ${name}`} sandbox="allow-scripts" src="console/report.html" />;
}

const Short: Record<string, string> = { ttft: 'TTFT', tpot: 'TPOT', itl: 'ITL', e2e: 'end to end', kv: 'KV', gpu: 'GPU', slo: 'SLO' };

/** The name of a figure for people: ttft_p95_ms is TTFT p95, ms. */
function title(name: string) {
  const words = name.split('_');
  const unit = /^(ms|s|usd|gib)$/.test(words.at(-1)!) ? words.pop() : undefined;
  return <>{words.map((w) => Short[w] ?? w).join(' ')}{unit && <span class="dim">, {unit}</span>}</>;
}

function Comparison({ of }: { of: Metrics[] }) {
  const names = [...new Set(of.flatMap((m) => Object.keys(m.figures ?? {})))];
  return (
    <Panel title="Strategies compared" actions={<span class="badge synthetic">synthetic</span>}>
      <Scroll label="Figures by strategy">
        <table>
          <thead><tr><th>Figure</th>{of.map((m) => <th class="right">{m.strategy}{!m.complete && ' (cut short)'}</th>)}</tr></thead>
          <tbody>
            <tr><td>requests completed</td>{of.map((m) => <td class="right nowrap">{num(m.request_counters?.completed)} / {num(m.request_counters?.arrived)}</td>)}</tr>
            {names.map((name) => (
              <tr>
                <td>{title(name)}</td>
                {of.map((m) => {
                  const f = m.figures?.[name];
                  return <td class="right" title={f && f.low !== null ? `95 %: ${digits(f.low)} to ${digits(f.high)}` : undefined}>{digits(f?.mean)}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
