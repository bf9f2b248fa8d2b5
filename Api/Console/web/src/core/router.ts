import { signal } from '@preact/signals';

/** Where the console is: the part of the address after '#'. */
export interface Route {
  /** Segments, decoded: ['nodes', 'gpu-17']. */
  path: string[];
  query: URLSearchParams;
}

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = signal<Route>(read());
addEventListener('hashchange', () => (route.value = read()));

/** Puts another address into the place of this one. */
export function replace(address: string): void {
  history.replaceState(null, '', address);
  route.value = read();
}

export function href(...segments: string[]): string {
  return '#/' + segments.map(encodeURIComponent).join('/');
}

export function go(...segments: string[]): void {
  location.hash = href(...segments);
}

/** Puts a filter into the address without a step back for each letter. */
export function setQuery(values: Record<string, string>): void {
  const query = new URLSearchParams(route.value.query);
  for (const [name, value] of Object.entries(values)) value ? query.set(name, value) : query.delete(name);
  const text = query.toString();
  replace(href(...route.value.path) + (text ? '?' + text : ''));
}
