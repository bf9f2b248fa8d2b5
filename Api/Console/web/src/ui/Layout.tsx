import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { streamState, totals } from '../fleet/store';
import { route } from '../core/router';
import { can, credential, isReadOnly, me, settings, signOut } from '../core/session';
import { theme, toggleTheme } from '../core/theme';

const Pages: [path: string, title: string, permission: string][] = [
  ['', 'Fleet', 'fleet.read'], ['nodes', 'Nodes', 'fleet.read'], ['models', 'Models', 'models.read'], ['decisions', 'Why there?', 'routing.explain'], ['policies', 'Policies', 'policies.read'],
  ['endpoints', 'Endpoints', 'endpoints.read'], ['experiments', 'Experiments', 'policies.read'], ['jobs', 'Jobs', 'jobs.read'], ['tenants', 'Tenants', 'tenants.read'], ['events', 'Events', 'events.read'], ['reports', 'Reports', 'identify'],
];

export const mayOpen = (path: string) => can(Pages.find(([p]) => p === path)?.[2] ?? 'identify');
/** Where somebody begins who may not see the fleet. */
export const firstPage = () => Pages.find(([, , permission]) => can(permission))?.[0] ?? 'reports';

export function Layout({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const here = route.value.path[0] ?? '';
  const page = route.value.path.join('/');
  const isFirst = useRef(true);
  useEffect(() => {
    setOpen(false);
    document.title = `${route.value.path[1] ?? Pages.find(([p]) => p === here)?.[1] ?? 'InferMesh'} · InferMesh`;
    // Who comes by keyboard begins at the top of the new page.
    if (!isFirst.current) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [page]);
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
      <header class="top">
        <button type="button" class="button menu" aria-expanded={open} aria-controls="nav" onClick={() => setOpen(!open)}>Menu</button>
        <a class="brand" href="#/"><img src="console/icon.svg" width="22" height="22" alt="" />InferMesh</a>
        <Connection />
        <FleetKind />
        <span class="spacer" />
        {isReadOnly.value && <span class="badge dim" title="Your roles let you look, and change nothing.">read-only</span>}
        <span class="who" title={`Roles: ${me.value!.roles.join(', ')}${me.value!.tenant ? `; tenant ${me.value!.tenant}` : ''}`}>{me.value!.name}</span>
        <button type="button" class="button" onClick={toggleTheme} aria-label={theme.value === 'dark' ? 'Light colours' : 'Dark colours'}>{theme.value === 'dark' ? '☀' : '☾'}</button>
        {credential.value && <button type="button" class="button" onClick={() => signOut()}>Sign out</button>}
      </header>
      {settings.value?.mode === 'development' && <p class="banner">Development mode: everybody on this machine is an admin without signing in. Not for use beyond it.</p>}
      <nav id="nav" class={open ? 'open' : ''} aria-label="Pages">
        {Pages.filter(([, , permission]) => can(permission)).map(([path, title]) => <a href={`#/${path}`} aria-current={here === path ? 'page' : undefined}>{title}</a>)}
        <a href="swagger" class="apart">API</a>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>{children}</main>
    </div>
  );
}

/** Beside every page and at every width, so that no figure of a simulated fleet is taken for a measurement. */
function FleetKind() {
  const kind = totals.value.at(-1)?.synthetic;
  if (kind !== 'all' && kind !== 'some') return null;
  return <span class="badge synthetic" title="Simulated nodes: their figures are a model's, no measurement">{kind === 'all' ? 'synthetic' : 'partly synthetic'}</span>;
}

function Connection() {
  const state = streamState.value;
  const [, tick] = useState(0);
  useEffect(() => {
    if (state.kind !== 'waiting') return;
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [state]);
  if (!can('fleet.read')) return null;
  const text = state.kind === 'live' ? 'live' : state.kind === 'connecting' ? 'connecting' : state.kind === 'waiting' ? `reconnecting in ${Math.max(0, Math.ceil((state.until - Date.now()) / 1000))} s` : 'not live';
  return <span class={`stream ${state.kind}`} title={state.kind === 'waiting' || state.kind === 'ended' ? state.why : 'The fleet is followed as it changes'}>{text}</span>;
}
