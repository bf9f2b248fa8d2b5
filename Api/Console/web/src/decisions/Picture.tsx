import { num, seconds, words } from '../core/format';
import { href } from '../core/router';
import { Badge, Synthetic } from '../ui/bits';
import { Terms, type Decision, type Outcome } from './types';

/** A decision as a picture: who was left after each step, and what each of the best was expected to take, term by term, on one scale. */
export function Picture({ decision: d, outcome }: { decision: Decision; outcome?: Outcome }) {
  const times = d.targets.map((t) => Terms.reduce((sum, [key]) => sum + Math.max(0, t.cost[key]), 0));
  const real = outcome?.latencyMs === undefined ? 0 : outcome.latencyMs / 1000;
  const scale = niceTop(Math.max(...times, real, 1e-6));
  const used = Terms.filter(([key]) => d.targets.some((t) => t.cost[key] > 0));
  const best = d.targets[0];
  return (
    <div class="picture">
      <ol class="funnel" aria-label="Steps of the decision">
        <li><b>{num(d.considered)}</b> targets serve the model</li>
        <li><b>{num(d.considered - d.eligible)}</b> ruled out</li>
        <li><b>{num(d.eligible)}</b> may take it</li>
        <li class={best ? 'picked' : 'refused'}>{best ? <><b>{best.nodeId}</b> is picked</> : <Badge of={d.status} />}</li>
      </ol>
      {d.targets.length > 0 && (
        <>
          <div class="bars" role="list" aria-label="Expected time of each target">
            {d.targets.map((t, i) => {
              const isServer = outcome?.nodeId === t.nodeId;
              return (
                <div class={`bar-row ${i === 0 ? 'picked' : ''}`} role="listitem">
                  <div class="bar-name">
                    <a href={href('nodes', t.nodeId)}>{t.nodeId}</a>
                    <span class="dim">{[t.cellId, t.zone, t.gpu].filter(Boolean).join(' · ')}</span>
                  </div>
                  <div class="bar-track">
                    <div class="bar" role="img" aria-label={`${seconds(t.cost.total)}: ${used.filter(([key]) => t.cost[key] > 0).map(([key, name]) => `${name} ${seconds(t.cost[key])}`).join(', ')}`}>
                      {used.map(([key, name]) => t.cost[key] > 0 && <span class={`term ${key}`} style={{ width: `${(t.cost[key] / scale) * 100}%` }} title={`${name} ${seconds(t.cost[key])}`} />)}
                    </div>
                    {d.hedge?.nodeId === t.nodeId && <span class="mark hedge" style={{ left: `${Math.min(100, (d.hedge.delayMs / 1000 / scale) * 100)}%` }} title={`A copy goes here after ${seconds(d.hedge.delayMs / 1000)} without a first token`} />}
                    {isServer && real > 0 && <span class="mark real" style={{ left: `${Math.min(100, (real / scale) * 100)}%` }} title={`It took ${seconds(real)}`} />}
                    {isServer && outcome?.ttftMs !== undefined && <span class="mark ttft" style={{ left: `${Math.min(100, (outcome.ttftMs / 1000 / scale) * 100)}%` }} title={`First token after ${seconds(outcome.ttftMs / 1000)}`} />}
                  </div>
                  <div class="bar-total">
                    <b>{seconds(t.cost.total)}</b>
                    <span class="dim">{i === 0 ? `load ${num(t.loadFactor, 2)}` : `${difference(t.cost.total - best!.cost.total)} · load ${num(t.loadFactor, 2)}`}</span>
                  </div>
                </div>
              );
            })}
            <div class="bar-axis" aria-hidden="true"><span>0</span><span>{seconds(scale / 2)}</span><span>{seconds(scale)}</span></div>
          </div>
          <p class="legend">
            {used.map(([key, name, what]) => <span title={what}><i class={`swatch term ${key}`} /> {name}</span>)}
            {outcome?.ttftMs !== undefined && <span><i class="swatch mark ttft" /> first token, measured</span>}
            {real > 0 && <span><i class="swatch mark real" /> end, measured</span>}
            {d.hedge && <span><i class="swatch mark hedge" /> hedge</span>}
            <Synthetic is={d.targets.every((t) => t.synthetic)} />
          </p>
        </>
      )}
      {d.excluded.length > 0 && <Excluded of={d} />}
    </div>
  );
}

function Excluded({ of }: { of: Decision }) {
  const reasons = Object.entries(Object.groupBy(of.excluded, (e) => e.reason)).sort(([, a], [, b]) => b!.length - a!.length);
  return (
    <div class="excluded">
      <h3>Ruled out</h3>
      <ul>
        {reasons.map(([reason, all]) => (
          <li>
            <b>{all!.length}</b> {words(reason)} <span class="dim">{all!.slice(0, 6).map((e) => e.nodeId).join(', ')}{all!.length > 6 && ` and ${all!.length - 6} more`}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Not every strategy orders by cost: what stands further below may cost less. */
function difference(value: number): string {
  return `${value < 0 ? '−' : '+'}${seconds(Math.abs(value))}`;
}

function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((k) => k * power).find((k) => k >= value)!;
}
