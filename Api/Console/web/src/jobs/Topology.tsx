import { bytes, num, seconds } from '../core/format';
import { go } from '../core/router';
import type { JobGroup, Placement } from './types';

const Gpu = 20;
const PerRow = 8;
const Pad = 10;
const Title = 18;
const MostNodes = 64;

interface Box {
  group: JobGroup;
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Where a job runs: cells, nodes and GPUs with their ranks, and the ring that its workers make. */
export function Topology({ placement, lost }: { placement: Placement; lost: string[] }) {
  const shown = placement.groups.slice(0, MostNodes);
  const cells = Object.entries(Object.groupBy(shown, (g) => g.cell)) as [string, JobGroup[]][];
  const boxes: Box[] = [];
  const frames: { cell: string; x: number; y: number; w: number; h: number }[] = [];
  let [x, height] = [0, 0];
  for (const [cell, groups] of cells) {
    const columns = Math.ceil(Math.sqrt(groups.length));
    const sizes = groups.map((g) => ({ w: Math.min(PerRow, Math.max(4, g.gpus.length)) * Gpu + 2 * Pad, h: Math.ceil(g.gpus.length / PerRow) * Gpu + Title + Pad + 4 }));
    const w = Math.max(...sizes.map((s) => s.w));
    const h = Math.max(...sizes.map((s) => s.h));
    groups.forEach((group, i) => boxes.push({ group, x: x + Pad + (i % columns) * (w + 22), y: Title + 8 + Math.floor(i / columns) * (h + 22), w, h }));
    const frameW = columns * (w + 22) - 22 + 2 * Pad;
    const frameH = Math.ceil(groups.length / columns) * (h + 22) - 22 + Title + 8 + Pad;
    frames.push({ cell, x, y: 0, w: frameW, h: frameH });
    x += frameW + 40;
    height = Math.max(height, frameH);
  }
  const width = Math.max(x - 40, 200);
  const ring = placement.groups.length > 1 ? boxes.map((b, i) => [b, boxes[(i + 1) % boxes.length]!] as const).slice(0, boxes.length === 2 ? 1 : undefined) : [];
  const cross = Object.entries(placement.crossEdges).filter(([, n]) => n > 0);
  return (
    <>
      <svg class="topology" viewBox={`-4 -4 ${width + 8} ${height + 8}`} style={{ maxWidth: `${Math.min(1400, width * 1.5)}px` }} role="img" aria-label={`${placement.ranks} ranks on ${placement.groups.length} nodes in ${cells.length} cells; the table below has the same.`}>
        {frames.map((f) => (
          <g><rect class="cell-frame" x={f.x} y={f.y} width={f.w} height={f.h} rx={8} /><text class="cell-name" x={f.x + Pad} y={f.y + 16}>{f.cell}</text></g>
        ))}
        {ring.map(([a, b]) => <path class={`ring ${a.group.cell === b.group.cell ? '' : 'far'}`} d={`M${a.x + a.w / 2} ${a.y + a.h / 2} L${b.x + b.w / 2} ${b.y + b.h / 2}`} />)}
        {boxes.map((b) => (
          <g class={`node-box ${lost.includes(b.group.node) ? 'lost' : ''}`} onClick={() => go('nodes', b.group.node)}>
            <title>{`${b.group.node}: ranks ${b.group.firstRank} to ${b.group.firstRank + b.group.gpus.length - 1}${b.group.lent ? ', lent by serving' : ''}`}</title>
            <rect x={b.x} y={b.y} width={b.w} height={b.h} rx={5} />
            <text x={b.x + Pad} y={b.y + 14}>{b.group.node}</text>
            {b.group.gpus.map((_, i) => {
              const [gx, gy] = [b.x + Pad + (i % PerRow) * Gpu, b.y + Title + 4 + Math.floor(i / PerRow) * Gpu];
              return <g><rect class={`gpu ${b.group.lent ? 'lent' : ''}`} x={gx} y={gy} width={Gpu - 3} height={Gpu - 3} rx={3} /><text class="rank" x={gx + (Gpu - 3) / 2} y={gy + 12}>{b.group.firstRank + i}</text></g>;
            })}
          </g>
        ))}
      </svg>
      {placement.groups.length > MostNodes && <p class="dim small">The picture has the first {MostNodes} of {placement.groups.length} nodes.</p>}
      <p class="legend">
        <span><i class="swatch gpu" /> GPU with its rank</span>
        {ring.length > 0 && <span><i class="swatch ring" /> ring</span>}
        {cross.length > 0 && <span>The ring crosses {cross.map(([level, n]) => `${n} × ${level.replaceAll('_', ' ')}`).join(', ')}</span>}
        {placement.ringNsPerByte !== undefined && <span>{num(placement.ringNsPerByte, 2)} ns/byte</span>}
        {placement.hint?.exchangeSeconds !== undefined && <span>step: {seconds(placement.hint.computeSeconds)} computing, {seconds(placement.hint.exchangeSeconds)} exchange</span>}
        {placement.hint && placement.hint.collectives.length > 0 && <span>{placement.hint.collectives.map((c) => `${c.algorithm} from ${bytes(c.fromBytes)}`).join(', ')}</span>}
      </p>
    </>
  );
}
