import { count } from '../core/format';
import { usePoll } from '../core/poll';
import { go, href, route, setQuery } from '../core/router';
import { Action, Ago, Badge, Choice, Empty, Panel, Scroll, Waiting } from '../ui/bits';
import { scopeOf, type Experiment } from './types';

const Stages = [['', 'all'], ['running', 'running'], ['decided', 'decided'], ['promoted', 'promoted'], ['kept', 'kept']] as const;

export function ExperimentsPage() {
  const stage = (route.value.query.get('stage') ?? '') as (typeof Stages)[number][0];
  const { data, error } = usePoll<{ items: Experiment[]; total: number }>(`api/v1/experiments?limit=1000${stage ? `&stage=${encodeURIComponent(stage)}` : ''}`, 3000);
  return (
    <>
      <h1>Experiments</h1>
      <p class="lead">Strategies that serve the same requests at the same time, judged by what comes of them. What loses is stopped by itself; an interval holds however often somebody looks.</p>
      <Panel title={data ? count(data.total, 'experiment') : 'Experiments'}
        actions={<><Choice label="Stage" value={stage} of={Stages} onChange={(s) => setQuery({ stage: s })} /><Action permission="policies.write" kind="primary" onClick={() => go('experiments', 'new', 'object')}>New experiment</Action></>}>
        {!data ? <Waiting error={error} what="experiments" /> : data.items.length === 0 ? <Empty>{stage ? `None is ${stage}.` : 'There is none. Requests get what policies say.'}</Empty> : (
          <Scroll label="Experiments">
            <table>
              <thead><tr><th>Experiment</th><th>Stage</th><th>Compares</th><th>By</th><th>For</th><th>Winner</th><th>Began</th></tr></thead>
              <tbody>
                {data.items.map((e) => (
                  <tr>
                    <td><a href={href('experiments', e.name)}>{e.name}</a>{e.spec.description && <span class="note">{e.spec.description}</span>}</td>
                    <td><Badge of={e.stage} /> {e.pausedAt && <Badge of="paused" />} {e.warning && <span class="badge warn" title={e.warning}>warning</span>}</td>
                    <td>{e.spec.arms.map((a) => a.strategy).join(' · ')}</td>
                    <td class="mono small">{e.spec.primary}</td>
                    <td class="dim">{scopeOf(e.spec)}</td>
                    <td>{e.winner ?? '–'}</td>
                    <td><Ago at={e.startedAt} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </Panel>
    </>
  );
}
