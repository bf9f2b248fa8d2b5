import { computed, signal } from '@preact/signals';

/** Who the caller is, as /api/v1/whoami says. */
export interface WhoAmI {
  name: string;
  kind: string;
  mode: 'enforced' | 'development';
  roles: string[];
  tenant?: string;
  project?: string;
  permissions: string[];
}

/** What the API says before anybody has signed in. */
export interface Settings {
  mode: 'enforced' | 'development';
  oidc?: { authority: string; clientId: string; scope: string };
  version: string;
}

const Key = 'infermesh.credential';

export const settings = signal<Settings | null>(null);
export const me = signal<WhoAmI | null>(null);
/** Why the sign-in page is shown; '' for the first time. */
export const signInReason = signal('');
/** Bearer credential: a key or a token. It lives as long as the tab, and goes nowhere but into the Authorization header. */
export const credential = signal(sessionStorage.getItem(Key) ?? '');

export const isReadOnly = computed(() => me.value !== null && !me.value.permissions.some((p) => p.endsWith('.write') || p === 'fleet.operate'));

export function setCredential(value: string): void {
  credential.value = value;
  if (value) sessionStorage.setItem(Key, value);
  else sessionStorage.removeItem(Key);
}

export function can(permission: string): boolean {
  return me.value?.permissions.includes(permission) ?? false;
}

/** Why somebody may not do something; undefined when they may. */
export function whyNot(permission: string): string | undefined {
  return can(permission) ? undefined : `Needs the permission ${permission}, which ${me.value?.roles.join(', ') || 'nobody here'} does not have.`;
}

export function signOut(reason = ''): void {
  setCredential('');
  me.value = null;
  signInReason.value = reason;
}
