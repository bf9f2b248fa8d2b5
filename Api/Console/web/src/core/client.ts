import { credential, me, signOut } from './session';

/** A refusal of the API: problem details (RFC 9457). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: Record<string, string[]>,
    readonly currentVersion?: number,
    readonly retryAfterSeconds?: number,
  ) {
    super(detail || title);
  }
}

export interface Answer<T> {
  body: T;
  etag: string | null;
  status: number;
}

export function headers(extra: Record<string, string> = {}): Record<string, string> {
  return credential.value ? { ...extra, authorization: `Bearer ${credential.value}` } : extra;
}

/** The answer as an error. A credential that is no longer good ends the session. */
export async function refusal(response: Response): Promise<ApiError> {
  let problem: { title?: string; detail?: string; errors?: Record<string, string[]>; currentVersion?: number } = {};
  try {
    problem = await response.json();
  } catch {
    // Not from the API itself, such as from a proxy: its status says all there is.
  }
  const error = new ApiError(
    response.status, problem.title ?? response.statusText, problem.detail ?? '', problem.errors ?? {}, problem.currentVersion,
    Number(response.headers.get('retry-after')) || undefined,
  );
  if (response.status === 401 && me.value) signOut('The session has ended: sign in again.');
  return error;
}

export async function call<T>(method: string, path: string, options: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {}): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: options.signal,
      cache: 'no-store',
      headers: headers({ accept: 'application/json', ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers }),
      body: options.body === undefined ? undefined : typeof options.body === 'string' ? options.body : JSON.stringify(options.body),
    });
  } catch (e) {
    if (options.signal?.aborted) throw e;
    throw new ApiError(0, 'The API cannot be reached', 'The API cannot be reached. Trying again.', {});
  }
  if (!response.ok && response.status !== 304) throw await refusal(response);
  const hasBody = response.status !== 204 && response.status !== 304;
  return { body: (hasBody ? await response.json() : undefined) as T, etag: response.headers.get('etag'), status: response.status };
}

export const get = async <T>(path: string, signal?: AbortSignal): Promise<T> => (await call<T>('GET', path, { signal })).body;

export const post = async <T>(path: string, body?: unknown): Promise<T> => (await call<T>('POST', path, { body })).body;

/** An id as a segment of a path. */
export const segment = encodeURIComponent;
