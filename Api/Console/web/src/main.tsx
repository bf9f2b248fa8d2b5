import { effect } from '@preact/signals';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from './core/client';
import { finish } from './core/oidc';
import { go, route } from './core/router';
import { can, credential, me, settings, setCredential, signInReason, type Settings, type WhoAmI } from './core/session';
import './core/theme';
import { DecisionsPage } from './decisions/DecisionsPage';
import { EventsPage } from './events/EventList';
import { ExperimentPage } from './experiments/ExperimentPage';
import { ExperimentsPage } from './experiments/ExperimentsPage';
import { FleetPage } from './fleet/FleetPage';
import { startFleet, stopFleet } from './fleet/store';
import { JobPage } from './jobs/JobPage';
import { JobsPage } from './jobs/JobsPage';
import { ModelPage, ModelsPage } from './models/ModelsPage';
import { NodePage } from './nodes/NodePage';
import { NodesPage } from './nodes/NodesPage';
import { Endpoints, Experiments, Policies } from './objects/kinds';
import { ObjectPage } from './objects/ObjectPage';
import { ObjectsPage } from './objects/ObjectsPage';
import { ReportsPage } from './reports/ReportsPage';
import './styles.css';
import { TenantPage, TenantsPage } from './tenants/TenantsPage';
import { Empty, ErrorBox } from './ui/bits';
import { firstPage, Layout, mayOpen } from './ui/Layout';
import { SignIn } from './ui/SignIn';

function Page() {
  const [page = '', id, more] = route.value.path;
  if (page === '' && !mayOpen('')) {
    go(firstPage());
    return null;
  }
  if (!mayOpen(page)) return <Empty>Your roles do not open this page.</Empty>;
  switch (page) {
    case '': return <FleetPage />;
    case 'nodes': return id ? <NodePage key={id} id={id} /> : <NodesPage />;
    case 'models': return id ? <ModelPage key={id} name={id} /> : <ModelsPage />;
    case 'decisions': return <DecisionsPage id={id} />;
    case 'policies':
    case 'endpoints': {
      const kind = page === 'policies' ? Policies : Endpoints;
      // Two segments, so that an object may be called "new".
      const isNew = id === 'new' && more === 'object';
      return id ? <ObjectPage key={page + id + isNew} kind={kind} name={isNew ? null : id} /> : <ObjectsPage key={page} kind={kind} />;
    }
    case 'experiments': return !id ? <ExperimentsPage /> : id === 'new' && more === 'object' ? <ObjectPage key="new-experiment" kind={Experiments} name={null} /> : <ExperimentPage key={id} name={id} />;
    case 'jobs': return id ? <JobPage key={id} id={id} /> : <JobsPage />;
    case 'tenants': return id ? <TenantPage key={id} name={id} /> : <TenantsPage />;
    case 'events': return <EventsPage />;
    case 'reports': return <ReportsPage />;
    default: return <Empty>There is no such page.</Empty>;
  }
}

/** Reads how to sign in, ends a sign-in under way, and asks who that is. */
async function begin(): Promise<void> {
  settings.value = await get<Settings>('console/settings.json');
  await finish();
  // Without a credential somebody may be known by a certificate, or be on the machine of an API in Development mode; nobody else is asked for nothing.
  if (!credential.value && settings.value.mode === 'enforced' && location.protocol !== 'https:') return;
  try {
    me.value = await get<WhoAmI>('api/v1/whoami');
  } catch (e) {
    const { status } = e as ApiError;
    if (status !== 401 && status !== 403) throw e;
    if (credential.value) {
      setCredential('');
      signInReason.value = (e as ApiError).message;
    }
  }
}

function App() {
  const [state, setState] = useState<'beginning' | 'begun' | Error>('beginning');
  useEffect(() => {
    void begin().then(() => setState('begun'), (e: Error) => setState(e));
  }, []);
  if (state === 'beginning') return <p class="empty" role="status">Beginning …</p>;
  if (state instanceof ApiError) return <main class="sign-in"><h1>InferMesh</h1><ErrorBox error={state} /><button type="button" class="button" onClick={() => location.reload()}>Try again</button></main>;
  if (!me.value) return <SignIn error={state instanceof Error ? state : undefined} />;
  return <Layout><Page /></Layout>;
}

effect(() => {
  if (me.value && can('fleet.read')) startFleet();
  else stopFleet();
});

render(<App />, document.getElementById('app')!);
