import { useEffect, useState } from 'preact/hooks';
import { get, segment } from '../core/client';
import { count, num } from '../core/format';
import { usePoll } from '../core/poll';
import { href } from '../core/router';
import { Ago, Empty, Facts, Meter, Panel, Scroll, Waiting } from '../ui/bits';

interface Limits {
  requestsPerSecond?: number;
  burst?: number;
  concurrentRequests?: number;
  tokensPerMinute?: number;
  tokensPerDay?: number;
  moneyPerDay?: number;
  trainingGpus?: number;
}

interface Scope {
  inFlight: number;
  tokensThisMinute: number;
  tokensToday: number;
  moneyToday: number;
  limits: Limits;
}

interface Usage {
  name: string;
  at: string;
  total: Scope;
  projects: Record<string, Scope>;
  keys: Record<string, Scope>;
}

interface Tenant {
  name: string;
  version: number;
  spec: { description: string; organisation?: string; trainingWeight: number; price: { promptPer1000: number; outputPer1000: number } };
  changedAt: string;
  changedBy: string;
}

const MostRead = 50;

export function TenantsPage() {
  const { data, error } = usePoll<{ items: Tenant[] }>('api/v1/tenants', 5000);
  const [usage, setUsage] = useState<Record<string, Usage>>({});
  const names = data?.items.slice(0, MostRead).map((t) => t.name).join('\n') ?? '';
  useEffect(() => {
    if (!names) return;
    let ended = false;
    const read = async () => {
      const all = await Promise.all(names.split('\n').map((n) => get<Usage>(`api/v1/tenants/${segment(n)}/usage`).catch(() => null)));
      if (!ended) setUsage(Object.fromEntries(all.filter((u) => u !== null).map((u) => [u.name, u])));
    };
    void read();
    const timer = setInterval(() => document.visibilityState === 'visible' && void read(), 3000);
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }, [names]);
  return (
    <>
      <h1>Tenants</h1>
      <p class="lead">Budgets of tenants and what they use of them. A tenant that is not listed is not limited.</p>
      <Panel title={data ? count(data.items.length, 'tenant') : 'Tenants'}>
        {!data ? <Waiting error={error} what="tenants" /> : data.items.length === 0 ? <Empty>No tenant has limits: PUT /api/v1/tenants/NAME sets them.</Empty> : (
          <Scroll label="Tenants">
            <table>
              <thead><tr><th>Tenant</th><th>In flight</th><th>Tokens this minute</th><th>Tokens today</th><th>Money today</th><th>Changed</th></tr></thead>
              <tbody>
                {data.items.map((t) => (
                  <tr>
                    <td><a href={href('tenants', t.name)}>{t.name}</a>{t.spec.description && <span class="note">{t.spec.description}</span>}</td>
                    <Used of={usage[t.name]?.total} />
                    <td><Ago at={t.changedAt} /></td>
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

export function TenantPage({ name }: { name: string }) {
  const tenant = usePoll<Tenant>(`api/v1/tenants/${segment(name)}`, 10_000);
  const usage = usePoll<Usage>(`api/v1/tenants/${segment(name)}/usage`, 2000);
  if (!tenant.data || !usage.data) return <><h1>{name}</h1><Waiting error={tenant.error ?? usage.error} what="the tenant" /></>;
  const { spec, version, changedBy, changedAt } = tenant.data;
  const u = usage.data;
  const rows: [string, Scope][] = [['whole tenant', u.total], ...Object.entries(u.projects).map(([p, s]) => [`project ${p}`, s] as [string, Scope]), ...Object.entries(u.keys).map(([k, s]) => [`key ${k}`, s] as [string, Scope])];
  return (
    <>
      <p class="crumbs"><a href="#/tenants">Tenants</a></p>
      <h1>{name}</h1>
      {spec.description && <p class="lead">{spec.description}</p>}
      <Panel title="What it uses" actions={<span class="dim">minute and day of UTC</span>}>
        <Scroll label="Usage">
          <table>
            <thead><tr><th>Whose</th><th>In flight</th><th>Tokens this minute</th><th>Tokens today</th><th>Money today</th></tr></thead>
            <tbody>{rows.map(([what, scope]) => <tr><td>{what}</td><Used of={scope} /></tr>)}</tbody>
          </table>
        </Scroll>
      </Panel>
      <Panel title="What it may use">
        <Facts of={[
          ['Requests per second', limit(u.total.limits.requestsPerSecond)], ['Burst', limit(u.total.limits.burst)], ['Training GPUs', limit(u.total.limits.trainingGpus)], ['Training weight', num(spec.trainingWeight)],
          ['Price of 1,000 prompt tokens', num(spec.price.promptPer1000, 6)], ['Price of 1,000 output tokens', num(spec.price.outputPer1000, 6)], ['Organisation', spec.organisation || '–'], ['Version', <>{version} by {changedBy}, <Ago at={changedAt} /></>],
        ]} />
      </Panel>
    </>
  );
}

const limit = (value: number | undefined) => (value === undefined ? 'no limit' : num(value));

function Used({ of: u }: { of: Scope | undefined }) {
  if (!u) return <><td>–</td><td>–</td><td>–</td><td>–</td></>;
  const cell = (label: string, used: number, limit: number | undefined, digits = 0) => (
    <td>{limit === undefined ? <span class="dim">{num(used, digits)}, no limit</span> : <Meter label={label} value={limit > 0 ? used / limit : 1} text={`${num(used, digits)} / ${num(limit, digits)}`} />}</td>
  );
  return (
    <>
      {cell('In flight', u.inFlight, u.limits.concurrentRequests)}
      {cell('Tokens this minute', u.tokensThisMinute, u.limits.tokensPerMinute)}
      {cell('Tokens today', u.tokensToday, u.limits.tokensPerDay)}
      {cell('Money today', u.moneyToday, u.limits.moneyPerDay, 2)}
    </>
  );
}
