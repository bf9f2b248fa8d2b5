import { replace } from './router';
import { setCredential, settings } from './session';

const Pending = 'infermesh.oidc';

interface Provider {
  authorization_endpoint: string;
  token_endpoint: string;
  issuer: string;
}

async function discover(authority: string): Promise<Provider> {
  const response = await fetch(`${authority}/.well-known/openid-configuration`, { credentials: 'omit' });
  if (!response.ok) throw new Error(`The provider at ${authority} answers ${response.status} to its discovery document.`);
  return response.json();
}

function base64Url(data: ArrayBuffer | Uint8Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(data))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const redirectUri = () => location.origin + location.pathname;

/** Goes to the provider: authorization code flow with PKCE (RFC 7636). Comes back with ?code= to {@link finish}. */
export async function begin(): Promise<void> {
  const oidc = settings.value!.oidc!;
  if (!isSecureContext) throw new Error('Browsers let a page sign in at a provider on https only: open the console by its https address, or use a key.');
  const provider = await discover(oidc.authority);
  const verifier = base64Url(crypto.getRandomValues(new Uint8Array(32)));
  const state = base64Url(crypto.getRandomValues(new Uint8Array(16)));
  sessionStorage.setItem(Pending, JSON.stringify({ verifier, state, hash: location.hash }));
  const challenge = base64Url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
  location.assign(provider.authorization_endpoint + (provider.authorization_endpoint.includes('?') ? '&' : '?') + new URLSearchParams({
    response_type: 'code', client_id: oidc.clientId, redirect_uri: redirectUri(), scope: oidc.scope, state, code_challenge: challenge, code_challenge_method: 'S256',
  }));
}

/** Ends a sign-in that {@link begin} began: whether the address has one. */
export async function finish(): Promise<boolean> {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('state') || !(answer.has('code') || answer.has('error'))) return false;
  const pending = JSON.parse(sessionStorage.getItem(Pending) ?? 'null') as { verifier: string; state: string; hash: string } | null;
  sessionStorage.removeItem(Pending);
  // Neither the code nor the state stays in the address.
  replace(location.pathname + (pending?.hash ?? ''));
  if (pending === null || pending.state !== answer.get('state')) throw new Error('This sign-in was not begun here: begin it again.');
  if (answer.has('error')) throw new Error(`The provider refused: ${answer.get('error_description') ?? answer.get('error')}`);
  const oidc = settings.value!.oidc!;
  const provider = await discover(oidc.authority);
  if (answer.has('iss') && answer.get('iss') !== provider.issuer) throw new Error('Another provider answered than was asked.');
  const response = await fetch(provider.token_endpoint, {
    method: 'POST',
    credentials: 'omit',
    body: new URLSearchParams({ grant_type: 'authorization_code', code: answer.get('code')!, client_id: oidc.clientId, redirect_uri: redirectUri(), code_verifier: pending.verifier }),
  });
  const tokens = (await response.json().catch(() => ({}))) as { access_token?: string; error?: string; error_description?: string };
  if (!response.ok || !tokens.access_token) throw new Error(`The provider gave no token: ${tokens.error_description ?? tokens.error ?? response.status}`);
  setCredential(tokens.access_token);
  return true;
}
