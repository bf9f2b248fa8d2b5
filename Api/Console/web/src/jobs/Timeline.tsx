import { dateTime, duration, time, words } from '../core/format';
import { tone } from '../ui/bits';
import { Ended, type JobEvent } from './types';

/** The life of a job: how long it was in each state. */
export function Timeline({ events }: { events: JobEvent[] }) {
  if (events.length === 0) return null;
  const last = events.at(-1)!;
  const from = Date.parse(events[0]!.at);
  const to = Math.max(Ended.includes(last.state) ? Date.parse(last.at) : Date.now(), from + 1);
  const spans: { state: string; from: number; to: number }[] = [];
  for (const e of events) {
    const at = Date.parse(e.at);
    const open = spans.at(-1);
    if (open?.state === e.state) continue;
    if (open) open.to = at;
    spans.push({ state: e.state, from: at, to });
  }
  const used = [...new Set(spans.map((s) => s.state))];
  const share = (ms: number) => ((ms - from) / (to - from)) * 100;
  return (
    <div class="timeline">
      <div class="lane" role="img" aria-label={spans.map((s) => `${words(s.state)} for ${duration((s.to - s.from) / 1000)}`).join(', ')}>
        {spans.map((s) => <span class={`span ${tone(s.state)} state-${s.state}`} style={{ left: `${share(s.from)}%`, width: `${Math.max(0.3, share(s.to) - share(s.from))}%` }} title={`${words(s.state)} ${dateTime(s.from)}, ${duration((s.to - s.from) / 1000)}`}>{share(s.to) - share(s.from) > 9 && words(s.state)}</span>)}
        {events.filter((e) => ['checkpoint', 'checkpointed', 'rank_failed', 'preempted', 'node_lost'].includes(e.kind)).map((e) => <i class={`tick ${e.kind.includes('fail') || e.kind.includes('lost') ? 'bad' : ''}`} style={{ left: `${share(Date.parse(e.at))}%` }} title={`${words(e.kind)} ${time(e.at)}`} />)}
      </div>
      <div class="bar-axis"><span>{time(from)}</span><span>{duration((to - from) / 1000)}</span><span>{Ended.includes(last.state) ? time(to) : 'now'}</span></div>
      <p class="legend">{used.map((s) => <span><i class={`swatch span ${tone(s)} state-${s}`} /> {words(s)}</span>)}</p>
    </div>
  );
}
