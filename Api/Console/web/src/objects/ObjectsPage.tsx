import { usePoll } from '../core/poll';
import { href } from '../core/router';
import { Action, Ago, Empty, Panel, Scroll, Waiting } from '../ui/bits';
import { go } from '../core/router';
import type { ObjectKind, Stored } from './kinds';

export function ObjectsPage({ kind }: { kind: ObjectKind }) {
  const { data, error } = usePoll<{ items: Stored[] }>(`api/v1/${kind.path}`, 5000);
  return (
    <>
      <h1>{kind.title}</h1>
      <p class="lead">{kind.lead}</p>
      <Panel title={data ? `${data.items.length} in force` : kind.title} actions={<Action permission={kind.write} kind="primary" onClick={() => go(kind.path, 'new', 'object')}>New {kind.one}</Action>}>
        {!data ? <Waiting error={error} what={kind.path} /> : data.items.length === 0 ? <Empty>There is none. Requests get the defaults.</Empty> : (
          <Scroll label={kind.title}>
            <table>
              <thead><tr><th>Name</th><th>What</th><th>For</th><th class="right">Version</th><th>Changed</th></tr></thead>
              <tbody>
                {data.items.map((o) => (
                  <tr>
                    <td><a href={href(kind.path, o.name)}>{o.name}</a></td>
                    <td>{summary(o.spec)}</td>
                    <td class="dim">{scope(o.spec)}</td>
                    <td class="right">{o.version}</td>
                    <td><Ago at={o.changedAt} /> <span class="dim">by {o.changedBy}</span></td>
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

function summary(spec: Record<string, unknown>): string {
  if (typeof spec.kind === 'string') {
    const strategy = (spec.routing as { strategy?: string } | undefined)?.strategy;
    return [spec.kind, strategy, spec.priority ? `priority ${spec.priority}` : ''].filter(Boolean).join(' · ');
  }
  const models = (spec.models as { model: string; weight: number }[] | undefined) ?? [];
  return models.map((m) => (models.length > 1 ? `${m.model} ×${m.weight}` : m.model)).join(', ') + (spec.enabled === false ? ' (disabled)' : '');
}

function scope(spec: Record<string, unknown>): string {
  if (typeof spec.kind !== 'string') return ((spec.aliases as string[] | undefined) ?? []).map((a) => `also ${a}`).join(', ');
  const parts = (['models', 'tenants', 'sloClasses'] as const).map((k) => ((spec[k] as string[] | undefined) ?? []).join(', ')).filter(Boolean);
  return parts.length > 0 ? parts.join(' · ') : 'all requests';
}
