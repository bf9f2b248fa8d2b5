import { segment } from '../core/client';
import { dateTime, duration, num, percent, words } from '../core/format';
import { usePoll } from '../core/poll';
import { can } from '../core/session';
import { EventTicker } from '../events/EventList';
import { Badge, Empty, Facts, Meter, Panel, Scroll, Waiting } from '../ui/bits';
import { Commands } from './Commands';
import { effect, figure, interval, marginOf, reach, verdict } from './metrics';
import { isOpen, scopeOf, type Comparison, type ExperimentReport } from './types';

const Says: Record<ExperimentReport['stage'], string> = {
  running: 'Requests are split over its arms, and nothing is decided.',
  decided: 'There is a winner, which waits for somebody to promote it. Requests are split as before.',
  promoted: 'The winner serves, but for a holdback of the control, and is watched.',
  kept: 'The winner held while it was watched, and serves until the experiment is deleted: write its strategy into the policy first.',
  stopped: 'It has ended without a winner. What policies say serves.',
  demoted: 'The winner was taken back. What policies say serves.',
  inconclusive: 'Traffic or time ran out without a winner. What policies say serves.',
};

/** One experiment: what its arms have had, how each compares with the control, and what changed. */
export function ExperimentPage({ name }: { name: string }) {
  const { data: e, error, reload } = usePoll<ExperimentReport>(`api/v1/experiments/${segment(name)}`, 2000);
  if (!e) return <><h1>{name}</h1><Waiting error={error} what="the experiment" /></>;
  const { spec } = e;
  const requests = e.arms.reduce((n, a) => n + a.requests, 0);
  const until = e.pausedAt ?? (isOpen(e) ? new Date().toISOString() : e.since);
  const elapsed = Math.max(0, (Date.parse(until) - Date.parse(e.startedAt)) / 1000 - e.pausedSeconds);
  return (
    <>
      <p class="crumbs"><a href="#/experiments">Experiments</a></p>
      <h1>{name} <Badge of={e.stage} />{e.pausedAt && <> <Badge of="paused" /></>}{e.winner && <> <span class="badge dim">winner {e.winner}</span></>}</h1>
      <p class="lead">{spec.description ? `${spec.description} ` : ''}{e.pausedAt ? 'It is paused: all requests get what they would get without it, and nothing is decided. What was assigned before still counts.' : Says[e.stage]}</p>
      {e.warning && <div class="notice warn" role="alert"><strong>Its figures cannot be trusted</strong><p>Nothing is promoted any more: {e.warning}</p></div>}
      <Panel title="Arms" actions={<Commands experiment={e} onDone={reload} />}>
        <Scroll label="Arms">
          <table>
            <thead><tr><th>Arm</th><th>Strategy</th><th>Share now</th><th class="right">Requests</th><th class="right">Failed</th></tr></thead>
            <tbody>
              {e.arms.map((a, i) => (
                <tr>
                  <td>{a.name} {i === 0 && <span class="badge dim">control</span>}{a.name === e.winner && <span class="badge good">winner</span>}{a.stopped && <span class="badge bad">stopped</span>}</td>
                  <td>{spec.arms[i]?.strategy}</td>
                  <td><Meter label="Share of the units" value={a.share} text={percent(a.share)} tone="plain" /></td>
                  <td class="right">{num(a.requests)}</td>
                  <td class="right">{a.requests > 0 ? `${num(a.errors)} (${percent(a.errors / a.requests)})` : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </Panel>
      <Panel title="Against the control" actions={<span class="dim">right of the line is worse; {percent(1 - spec.alpha)} of experiments are never wrong in any of these</span>}>
        {e.comparisons.length === 0
          ? <Empty>Nothing is compared before an arm and the control have {num(spec.minRequestsPerArm)} requests each.</Empty>
          : <Comparisons of={e} />}
      </Panel>
      <Panel title="How it is decided">
        <Facts of={[
          ['For', scopeOf(spec)], ['Assigned as a whole', spec.header ? `${spec.unit} ${spec.header}` : spec.unit], ['By', <span class="mono">{spec.primary}</span>],
          ['Guardrails', spec.guardrails.length === 0 ? 'none' : spec.guardrails.map((g) => `${g.metric} within ${effect(g.metric, g.margin)}`).join(', ')],
          ['Least gain that wins', effect(spec.primary, spec.minGain)], ['A winner is promoted', spec.promotion.auto ? 'by itself' : 'by hand'],
          ['A winner needs', `${num(spec.promotion.minRequestsPerArm)} requests per arm, ${duration(spec.promotion.minDurationSeconds)}`],
          ['Watched for', `${duration(spec.promotion.watchSeconds)}, holdback ${percent(spec.promotion.holdback)}`],
          ['Traffic budget', <Meter label="Requests of the budget" value={requests / spec.trafficBudget} text={`${num(requests)} / ${num(spec.trafficBudget)}`} tone="plain" />],
          ['Time', <Meter label="Time" value={elapsed / spec.maxDurationSeconds} text={`${duration(elapsed)} / ${duration(spec.maxDurationSeconds)}`} tone="plain" />],
          ['Began', dateTime(e.startedAt)], ...(e.pausedAt ? [['Paused since', dateTime(e.pausedAt)] as [string, string]] : []), ...(e.pausedSeconds > 0 ? [['Was paused for', duration(e.pausedSeconds)] as [string, string]] : []), ['State', `version ${e.version} by ${e.changedBy}`],
        ]} />
      </Panel>
      <Panel title="What changed">
        {e.changes.length === 0 ? <Empty>Nothing yet.</Empty> : (
          <Scroll label="What changed">
            <table>
              <thead><tr><th>When</th><th>Stage</th><th>Arm</th><th>Why</th><th>Who</th><th class="right">Requests</th><th>Evidence</th></tr></thead>
              <tbody>
                {e.changes.toReversed().map((c) => (
                  <tr>
                    <td class="nowrap">{dateTime(c.at)}</td>
                    <td class="nowrap">{c.from === c.to ? words(c.to) : <>{words(c.from)} → <Badge of={c.to} /></>}</td>
                    <td>{c.arm ?? '–'}</td>
                    <td>{words(c.reason)}{c.note && <span class="note">{c.note}</span>}</td>
                    <td>{c.actor}</td>
                    <td class="right">{num(c.requests)}</td>
                    <td class="nowrap">{c.evidence ? `${c.evidence.metric} ${effect(c.evidence.metric, c.evidence.effect)} (${interval(c.evidence)})` : '–'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Panel>
      {can('events.read') && <EventTicker subject={name} />}
    </>
  );
}

function Comparisons({ of: e }: { of: ExperimentReport }) {
  return (
    <Scroll label="Comparisons">
      <table>
        <thead><tr><th>Arm</th><th>Metric</th><th class="right">Control</th><th class="right">Arm's</th><th class="right">Effect</th><th class="interval-cell">Interval</th><th>Says</th><th class="right">Requests</th></tr></thead>
        <tbody>
          {e.comparisons.map((c) => {
            const { word, tone } = verdict(e, c);
            return (
              <tr>
                <td>{c.arm}</td>
                <td><span class="mono small">{c.metric}</span> {c.metric === e.spec.primary && <span class="badge dim">decides</span>}</td>
                <td class="right">{figure(c.metric, c.control)}</td>
                <td class="right">{figure(c.metric, c.value)}</td>
                <td class="right">{effect(c.metric, c.effect)}</td>
                <td class="interval-cell"><Interval of={c} reach={reach(e.comparisons, c.metric)} margin={marginOf(e, c.metric)} tone={tone} /><span class="note nowrap">{interval(c)}</span></td>
                <td><span class={`badge ${tone}`}>{word}</span></td>
                <td class="right">{num(c.controlRequests)} / {num(c.armRequests)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

/** An interval beside the line of no difference, with the margin of its guardrail. What is beyond the picture ends at its edge; the text says where. */
function Interval(p: { of: Comparison; reach: number; margin: number | undefined; tone: string }) {
  const place = (value: number) => 50 + 50 * Math.max(-1, Math.min(1, value / p.reach));
  const [low, high] = [place(p.of.low), place(p.of.high ?? Infinity)];
  return (
    <span class="interval" aria-hidden="true">
      {p.margin !== undefined && p.margin <= p.reach && <span class="interval-margin" style={{ left: `${place(p.margin)}%` }} />}
      <span class="interval-zero" />
      <span class={`interval-range ${p.tone}`} style={{ left: `${low}%`, width: `${Math.max(0.5, high - low)}%` }} />
      {p.of.effect !== undefined && <span class="interval-point" style={{ left: `${place(p.of.effect)}%` }} />}
    </span>
  );
}
