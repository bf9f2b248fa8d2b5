import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { num, percent, words } from '../core/format';
import { go } from '../core/router';
import { colour, theme } from '../core/theme';
import { hit, layOut, neighbour, type MapLayout } from './layout';
import { Healths, Metrics, rampOf, type MetricKey } from './metrics';
import type { FleetCell } from './store';

interface Spot {
  block: number;
  index: number;
}

const Keys = ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp', 'Home', 'End', 'PageDown', 'PageUp'];

/** Cells and their nodes as squares on a canvas: one draw for each change, whatever their number; what is pointed at is marked beside the canvas. */
export function HeatMap({ cells, metric }: { cells: FleetCell[]; metric: MetricKey }) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [spot, setSpot] = useState<Spot | null>(null);
  const [byKey, setByKey] = useState(false);
  const mode = theme.value;
  useEffect(() => {
    const resize = new ResizeObserver(() => setWidth(host.current?.clientWidth ?? 0));
    resize.observe(host.current!);
    return () => resize.disconnect();
  }, []);
  const layout = useMemo(() => layOut(cells, Math.max(1, width)), [cells, width]);
  useEffect(() => {
    if (width === 0) return;
    const frame = requestAnimationFrame(() => draw(canvas.current!, layout, width, metric));
    return () => cancelAnimationFrame(frame);
  }, [layout, metric, mode]);

  const at = spot && layout.blocks[spot.block] && spot.index < layout.blocks[spot.block]!.cell.nodes.length ? spot : null;
  const block = at && layout.blocks[at.block]!;
  const name = block?.cell.nodes[at!.index];
  const x = block ? block.x + (at!.index % block.columns) * layout.step : 0;
  const y = block ? block.top + Math.floor(at!.index / block.columns) * layout.step : 0;

  const point = (e: MouseEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    setByKey(false);
    setSpot(hit(layout, e.clientX - box.left, e.clientY - box.top));
  };
  const press = (e: KeyboardEvent) => {
    if (layout.blocks.length === 0) return;
    if (e.key === 'Enter' && name) go('nodes', name);
    else if (e.key === 'Escape') setSpot(null);
    else if (Keys.includes(e.key)) {
      e.preventDefault();
      setByKey(true);
      setSpot(at ? neighbour(layout, at, e.key) : { block: 0, index: 0 });
    }
  };
  return (
    <div ref={host} class="heat" tabIndex={0} role="application" aria-roledescription="heat map" onKeyDown={press} onFocus={() => !at && setSpot(null)} onBlur={() => setSpot(null)}
      aria-label={`Heat map of ${num(cells.reduce((n, c) => n + c.nodes.length, 0))} nodes in ${cells.length} cells. Arrow keys move, Enter opens a node. The list of nodes shows the same as a table.`}>
      <canvas ref={canvas} style={{ height: `${layout.height}px` }} onMouseMove={point} onMouseLeave={() => !byKey && setSpot(null)}
        onClick={(e) => { const found = hit(layout, e.offsetX, e.offsetY); if (found) go('nodes', layout.blocks[found.block]!.cell.nodes[found.index]!); }} />
      {block && (
        <>
          <div class="heat-ring" style={{ transform: `translate(${x - 2}px, ${y - 2}px)`, width: `${layout.step + 2}px`, height: `${layout.step + 2}px` }} />
          <div class="tip" style={{ left: `${Math.min(Math.max(0, x - 40), Math.max(0, width - 220))}px`, top: `${y + layout.step + 8}px` }}><Tip cell={block.cell} i={at!.index} /></div>
        </>
      )}
      <div class="sr-only" role="status">{byKey && block ? `${name}, ${block.cell.id}, ${words(block.cell.health[at!.index]!)}, load ${num(block.cell.load[at!.index], 2)}, KV ${percent(block.cell.kvCacheUsage[at!.index])}` : ''}</div>
    </div>
  );
}

function Tip({ cell, i }: { cell: FleetCell; i: number }) {
  return (
    <>
      <strong>{cell.nodes[i]}</strong>
      <span class="dim">{cell.id}{cell.zones[i] && ` · ${cell.zones[i]}`} · {words(cell.health[i]!)}</span>
      <dl>
        <dt>Load</dt><dd>{num(cell.load[i], 2)} ({num(cell.running[i], 0)} run, {num(cell.waiting[i], 0)} wait)</dd>
        <dt>KV cache</dt><dd>{percent(cell.kvCacheUsage[i])}</dd>
        <dt>GPUs</dt><dd>{cell.gpus[i]} · SM {percent(cell.smUtilization[i])} · VRAM {percent(cell.vramUsage[i])}</dd>
        <dt>Hottest</dt><dd>{Metrics.temperature.text(cell, i)}</dd>
        <dt>RTT</dt><dd>{Metrics.rtt.text(cell, i)}</dd>
      </dl>
    </>
  );
}

function draw(canvas: HTMLCanvasElement, layout: MapLayout, width: number, metric: MetricKey): void {
  const started = performance.now();
  const scale = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(layout.height * scale)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const c = canvas.getContext('2d')!;
  c.setTransform(scale, 0, 0, scale, 0, 0);
  c.clearRect(0, 0, width, layout.height);
  const side = layout.step - Math.max(1, Math.round(layout.step / 9));
  const unknown = colour('--unknown');
  const health = Object.fromEntries(Healths.map((s) => [s, colour(`--health-${s}`)]));
  const [text, muted] = [colour('--text'), colour('--muted')];
  const of = metric === 'health' ? null : Metrics[metric].of;
  for (const b of layout.blocks) {
    c.font = '600 11px system-ui, sans-serif';
    c.fillStyle = text;
    c.fillText(b.cell.id, b.x, b.y + 11);
    const idWidth = c.measureText(b.cell.id).width;
    c.font = '11px system-ui, sans-serif';
    c.fillStyle = muted;
    c.fillText(num(b.cell.nodes.length), b.x + idWidth + 6, b.y + 11);
    for (let i = 0; i < b.cell.nodes.length; i++) {
      const x = b.x + (i % b.columns) * layout.step;
      const y = b.top + Math.floor(i / b.columns) * layout.step;
      const value = of?.(b.cell, i);
      c.fillStyle = of === null ? (health[b.cell.health[i]!] ?? unknown) : value == null ? unknown : rampOf(value);
      c.fillRect(x, y, side, side);
      // Whoever does not serve is crossed out, so that a cool node is not taken for a free one.
      if (of !== null && b.cell.health[i] !== 'ready') cross(c, x, y, side, health[b.cell.health[i]!] ?? unknown);
    }
  }
  performance.measure('heat-map', { start: started, end: performance.now() });
}

function cross(c: CanvasRenderingContext2D, x: number, y: number, side: number, stroke: string): void {
  c.strokeStyle = stroke;
  c.lineWidth = Math.max(1.5, side / 8);
  c.beginPath();
  c.moveTo(x + 1, y + 1);
  c.lineTo(x + side - 1, y + side - 1);
  c.moveTo(x + side - 1, y + 1);
  c.lineTo(x + 1, y + side - 1);
  c.stroke();
}
