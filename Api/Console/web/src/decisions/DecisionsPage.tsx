import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { post, segment } from '../core/client';
import { dateTime, ms, num, seconds, time } from '../core/format';
import { usePoll } from '../core/poll';
import { go, href, route, setQuery } from '../core/router';
import { can } from '../core/session';
import { Action, Badge, Empty, ErrorBox, Facts, Field, Panel, useTask, Waiting } from '../ui/bits';
import { VirtualTable, type Column } from '../ui/VirtualTable';
import { Picture } from './Picture';
import type { Decision, DecisionItem, RecentDecision } from './types';

const Columns: Column<DecisionItem>[] = [
  { key: 'at', title: 'Time', width: '74px', sort: (d) => Date.parse(d.at), cell: (d) => <a href={href('decisions', d.id)} title={dateTime(d.at)}>{time(d.at)}</a> },
  { key: 'model', title: 'Model', width: 'minmax(90px, 2fr)', sort: (d) => d.model, cell: (d) => <span title={d.model}>{d.model}</span>, wide: true },
  { key: 'node', title: 'Went to', width: 'minmax(86px, 1.2fr)', sort: (d) => d.nodeId, cell: (d) => d.nodeId ?? <Badge of={d.status} /> },
  { key: 'expected', title: 'Expected', width: '68px', right: true, sort: (d) => d.totalSeconds, cell: (d) => seconds(d.totalSeconds) },
  { key: 'took', title: 'Took', width: '76px', right: true, sort: (d) => d.outcome?.latencyMs, cell: (d) => (d.outcome ? d.outcome.status === 'success' ? ms(d.outcome.latencyMs) : <Badge of={d.outcome.status} /> : '…') },
  { key: 'tenant', title: 'Tenant', width: 'minmax(60px, 1fr)', sort: (d) => d.tenant, cell: (d) => d.tenant ?? '–', wide: true },
];

export function DecisionsPage({ id }: { id?: string }) {
  const query = route.value.query;
  const [model, node, status] = [query.get('model') ?? '', query.get('node') ?? '', query.get('status') ?? ''];
  const filter = new URLSearchParams(Object.entries({ limit: '500', model, node, status }).filter(([, v]) => v));
  const { data, error } = usePoll<{ seen: number; items: DecisionItem[] }>(`api/v1/decisions?${filter}`, 2000);
  return (
    <>
      <h1>Why there?</h1>
      {id ? <Detail id={id} /> : <p class="lead">Every request goes where it is expected to cost least. Pick a decision to see what each target was expected to take, and why.</p>}
      <div class="columns main-side">
        <Panel title="Recent decisions" actions={data && <span class="dim">{num(data.items.length)} kept of {num(data.seen)}</span>}>
          <div class="filters">
            <Field label="Model">{(i) => <input id={i} type="search" value={model} onChange={(e) => setQuery({ model: e.currentTarget.value.trim() })} />}</Field>
            <Field label="Node">{(i) => <input id={i} type="search" value={node} onChange={(e) => setQuery({ node: e.currentTarget.value.trim() })} />}</Field>
            <Field label="Status">
              {(i) => (
                <select id={i} value={status} onChange={(e) => setQuery({ status: e.currentTarget.value })}>
                  <option value="">all</option>
                  {['routed', 'overloaded', 'no_eligible_target', 'model_unknown', 'quota_exceeded', 'forbidden'].map((s) => <option value={s}>{s.replaceAll('_', ' ')}</option>)}
                </select>
              )}
            </Field>
          </div>
          {!data ? <Waiting error={error} what="decisions" /> : <VirtualTable label="Recent decisions" rows={data.items} columns={Columns} id={(d) => d.id} height={520} by="at" down empty="No such decision lately: send a request, or loosen the filter." />}
        </Panel>
        <Ask />
      </div>
    </>
  );
}

function Detail({ id }: { id: string }) {
  const { data: recent, error } = usePoll<RecentDecision>(`api/v1/decisions/${segment(id)}`, 2000);
  const [again, setAgain] = useState<Decision>();
  const task = useTask();
  if (!recent) return <Panel title={id}><Waiting error={error} what="the decision" /></Panel>;
  const { request, decision, outcome } = recent;
  const ask = () => task.run(async () => {
    const { endpoint: _, ...body } = request;
    setAgain(await post<Decision>('api/v1/route:dryRun', { ...body, maxTargets: 8 }));
  });
  return (
    <Panel title={<>{request.model} → {decision.targets[0]?.nodeId ?? 'nowhere'}</>} actions={<><Action permission="routing.explain" busy={task.busy} onClick={() => void ask()}>Ask again now</Action><button type="button" class="button" onClick={() => go('decisions')}>Close</button></>}>
      <Picture decision={decision} outcome={outcome} />
      <Facts of={[
        ['When', dateTime(recent.at)], ['By', recent.source], ['Strategy', decision.strategy ?? '–'], ['Policies', decision.policies.join(', ') || 'none'],
        ['Tenant', request.tenant ?? '–'], ['SLO class', request.sloClass ?? '–'], ['Prompt', `${num(request.promptTokens)} tokens`], ['Expected output', request.outputTokens ? `${num(request.outputTokens)} tokens` : 'unknown'],
        ['From', [request.originZone, request.originRegion].filter(Boolean).join(', ') || 'unknown'],
        ['Hedge', decision.hedge ? `${decision.hedge.nodeId} after ${ms(decision.hedge.delayMs)}` : `none: ${decision.hedgeSuppressed?.replaceAll('_', ' ') ?? '–'}`],
        ['Outcome', outcome ? <><Badge of={outcome.status} /> {outcome.nodeId} {outcome.ttftMs !== undefined && `first token ${ms(outcome.ttftMs)}, `}{ms(outcome.latencyMs)}</> : 'still runs, or nobody said'],
        ...(decision.experiment ? [['Experiment', <>{can('policies.read') ? <a href={href('experiments', decision.experiment)}>{decision.experiment}</a> : decision.experiment}, arm {decision.arm}</>] as [string, ComponentChildren]] : []),
        ['Table', `version ${decision.tableVersion} of ${decision.silo ?? '–'}`],
      ]} />
      <ErrorBox error={task.error} />
      {again && <><h3>The same request now <span class="dim">(dry run)</span></h3><Picture decision={again} /></>}
    </Panel>
  );
}

/** A request of one's own, decided without being sent. */
function Ask() {
  const [model, setModel] = useState('');
  const [prompt, setPrompt] = useState(800);
  const [output, setOutput] = useState(256);
  const [answer, setAnswer] = useState<Decision>();
  const task = useTask();
  const { data } = usePoll<{ items: { name: string }[] }>('api/v1/models', 0);
  const chosen = model || data?.items[0]?.name || '';
  const ask = () => task.run(async () => setAnswer(await post<Decision>('api/v1/route:dryRun', { model: chosen, promptTokens: prompt, outputTokens: output, maxTargets: 5 })));
  return (
    <Panel title="Where would a request go?">
      <div class="filters">
        <Field label="Model">{(i) => <select id={i} value={chosen} onChange={(e) => setModel(e.currentTarget.value)}>{data?.items.map((m) => <option>{m.name}</option>)}</select>}</Field>
        <Field label="Prompt tokens">{(i) => <input id={i} type="number" min={0} value={prompt} onInput={(e) => setPrompt(e.currentTarget.valueAsNumber || 0)} />}</Field>
        <Field label="Output tokens">{(i) => <input id={i} type="number" min={0} value={output} onInput={(e) => setOutput(e.currentTarget.valueAsNumber || 0)} />}</Field>
        <Action permission="routing.explain" kind="primary" busy={task.busy} disabled={chosen ? undefined : 'There is no model yet.'} onClick={() => void ask()}>Dry run</Action>
      </div>
      <ErrorBox error={task.error} />
      {answer ? <Picture decision={answer} /> : <Empty>Nothing is sent or reserved.</Empty>}
    </Panel>
  );
}
