import { useState } from 'preact/hooks';
import { post, segment } from '../core/client';
import { num, seconds } from '../core/format';
import { href } from '../core/router';
import { Action, Badge, Empty, ErrorBox, Field, Scroll, useTask } from '../ui/bits';

interface Answer {
  status: string;
  nodeId?: string;
  totalSeconds?: number;
  hedgeNodeId?: string;
  strategy?: string;
}

interface TrialResult {
  requests: number;
  changed: number;
  refusedNow: number;
  refusedThen: number;
  meanSecondsNow?: number;
  meanSecondsThen?: number;
  nodes: { nodeId: string; now: number; then: number }[];
  items: { decisionId?: string; model: string; tenant?: string; now: Answer; then: Answer }[];
}

/** Recent requests decided twice: under the policies in force, and with this one as it is written. */
export function Trial({ name, spec, disabled }: { name: string; spec: Record<string, unknown> | undefined; disabled?: string }) {
  const [recent, setRecent] = useState(100);
  const [result, setResult] = useState<TrialResult>();
  const task = useTask();
  const run = () => task.run(async () => setResult(await post<TrialResult>(`api/v1/policies/${segment(name || 'new')}:dryRun`, { spec, recent })));
  return (
    <>
      <div class="filters">
        <Field label="Recent requests">{(id) => <input id={id} type="number" min={1} max={200} value={recent} onInput={(e) => setRecent(e.currentTarget.valueAsNumber || 1)} />}</Field>
        <Action permission="routing.explain" kind="primary" busy={task.busy} disabled={disabled} onClick={() => void run()}>Try on recorded traffic</Action>
      </div>
      <ErrorBox error={task.error} />
      {!result ? <Empty>Decides recent requests of this API again, as they are decided now and with the text as it stands. Nothing is written.</Empty>
        : result.requests === 0 ? <Empty>No request has come lately: send some, and try again.</Empty> : <Result of={result} />}
    </>
  );
}

function Result({ of: r }: { of: TrialResult }) {
  const most = Math.max(...r.nodes.map((n) => Math.max(n.now, n.then)), 1);
  const changed = r.items.filter((i) => i.now.nodeId !== i.then.nodeId || i.now.status !== i.then.status);
  return (
    <div class="trial">
      <p role="status"><b>{r.changed} of {r.requests}</b> requests would go elsewhere. Refused: {r.refusedNow} now, {r.refusedThen} then. Expected time: {seconds(r.meanSecondsNow)} now, {seconds(r.meanSecondsThen)} then.</p>
      <Scroll label="Requests by node">
        <table>
          <thead><tr><th>Node</th><th>Now</th><th>Then</th><th class="right">Change</th></tr></thead>
          <tbody>
            {r.nodes.map((n) => (
              <tr>
                <td><a href={href('nodes', n.nodeId)}>{n.nodeId}</a></td>
                <td><span class="meter-row"><span class="meter plain" aria-hidden="true"><span style={{ width: `${(n.now / most) * 100}%` }} /></span><span class="meter-text">{n.now}</span></span></td>
                <td><span class="meter-row"><span class="meter plain" aria-hidden="true"><span style={{ width: `${(n.then / most) * 100}%` }} /></span><span class="meter-text">{n.then}</span></span></td>
                <td class="right">{n.then === n.now ? '0' : n.then > n.now ? `+${n.then - n.now}` : n.then - n.now}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {changed.length > 0 && (
        <details>
          <summary>{num(changed.length)} requests that change</summary>
          <Scroll label="Requests that change">
            <table>
              <thead><tr><th>Model</th><th>Tenant</th><th>Now</th><th>Then</th></tr></thead>
              <tbody>{changed.slice(0, 100).map((i) => <tr><td>{i.decisionId ? <a href={href('decisions', i.decisionId)}>{i.model}</a> : i.model}</td><td>{i.tenant ?? '–'}</td><td>{cell(i.now)}</td><td>{cell(i.then)}</td></tr>)}</tbody>
            </table>
          </Scroll>
        </details>
      )}
    </div>
  );
}

const cell = (a: Answer) => (a.nodeId ? <>{a.nodeId} <span class="dim">{seconds(a.totalSeconds)}</span></> : <Badge of={a.status} />);
