import { useState } from 'preact/hooks';
import { ms, num } from '../core/format';
import { usePoll } from '../core/poll';
import { Empty, Panel, pressed, Scroll, Waiting } from '../ui/bits';

interface Place {
  id: string;
  isApi: boolean;
  zone?: string;
  region?: string;
  nodes: number;
}

interface Link {
  from: string;
  to: string;
  linkClass: string;
  rttMs: number;
  rttSource: 'measured' | 'coordinates' | 'link_class';
}

const MostInPicture = 16;
const Width = 520;
const Height = 330;

/** The near, the region, the far: three steps are what matters to a request. */
const band = (rtt: number) => (rtt < 2 ? 'near' : rtt < 20 ? 'mid' : 'far');

/** Round trips between cells and APIs. */
export function Links() {
  const { data, error } = usePoll<{ places: Place[]; links: Link[]; left: number }>('api/v1/topology/links', 10_000);
  const [picked, setPicked] = useState<string | null>(null);
  if (!data) return <Panel title="Links between cells"><Waiting error={error} what="links" /></Panel>;
  if (data.links.length === 0) return <Panel title="Links between cells"><Empty>There is one place only.</Empty></Panel>;
  const drawn = data.places.slice(0, MostInPicture);
  const shown = data.links.filter((l) => drawn.some((p) => p.id === l.from) && drawn.some((p) => p.id === l.to));
  const at = new Map(drawn.map((p, i) => [p.id, spot(i, drawn.length)]));
  const rows = data.links.filter((l) => picked === null || l.from === picked || l.to === picked).sort((a, b) => b.rttMs - a.rttMs).slice(0, 200);
  return (
    <Panel title="Links between cells" actions={<span class="legend"><span><i class="link near" /> &lt; 2 ms</span><span><i class="link mid" /> &lt; 20 ms</span><span><i class="link far" /> more</span></span>}>
      <svg class="links" viewBox={`0 0 ${Width} ${Height}`} role="group" aria-label={`Round trips between ${drawn.length} places; the table below has the same.`}>
        {shown.map((l) => {
          const [a, b] = [at.get(l.from)!, at.get(l.to)!];
          const isDim = picked !== null && l.from !== picked && l.to !== picked;
          return (
            <g class={isDim ? 'faded' : ''}>
              <line class={`link-line ${band(l.rttMs)} ${l.rttSource === 'link_class' ? 'assumed' : ''}`} x1={a.x} y1={a.y} x2={b.x} y2={b.y}><title>{`${l.from} – ${l.to}: ${ms(l.rttMs)} (${l.rttSource.replace('_', ' ')})`}</title></line>
              {(shown.length <= 10 || !isDim) && (picked !== null || shown.length <= 10) && <text class="link-text" x={(a.x * 0.58 + b.x * 0.42)} y={(a.y * 0.58 + b.y * 0.42) - 3}>{ms(l.rttMs)}</text>}
            </g>
          );
        })}
        {drawn.map((p) => {
          const { x, y } = at.get(p.id)!;
          return (
            <g class={`place ${p.isApi ? 'api' : ''} ${picked === p.id ? 'picked' : ''}`} role="button" aria-pressed={picked === p.id} aria-label={p.isApi ? `API ${p.id}` : p.id} {...pressed(() => setPicked(picked === p.id ? null : p.id))}>
              {p.isApi ? <rect x={x - 9} y={y - 9} width={18} height={18} rx={4} /> : <circle cx={x} cy={y} r={11} />}
              <text x={x} y={y + (y > Height / 2 ? 27 : -17)}>{p.isApi ? `API ${p.id}` : p.id}</text>
            </g>
          );
        })}
      </svg>
      {(data.left > 0 || drawn.length < data.places.length) && <p class="dim small">The picture has the first {drawn.length} places{data.left > 0 ? `; ${num(data.left)} are left out of the table as well` : ''}.</p>}
      <details>
        <summary>As a table</summary>
        <Scroll label="Links">
          <table>
            <thead><tr><th>From</th><th>To</th><th class="right">RTT</th><th>Link</th><th>Known from</th></tr></thead>
            <tbody>{rows.map((l) => <tr><td>{l.from}</td><td>{l.to}</td><td class="right">{ms(l.rttMs)}</td><td>{l.linkClass}</td><td>{l.rttSource.replace('_', ' ')}</td></tr>)}</tbody>
          </table>
        </Scroll>
      </details>
    </Panel>
  );
}

function spot(i: number, of: number): { x: number; y: number } {
  const angle = -Math.PI / 2 + (2 * Math.PI * i) / of;
  return { x: Width / 2 + Math.cos(angle) * (Width / 2 - 90), y: Height / 2 + Math.sin(angle) * (Height / 2 - 48) };
}
