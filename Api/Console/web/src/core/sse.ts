import { headers, refusal } from './client';

export interface SseEvent {
  id: string;
  type: string;
  data: string;
}

/** State of a stream, for people. */
export type StreamState = { kind: 'connecting' } | { kind: 'live' } | { kind: 'waiting'; until: number; why: string } | { kind: 'ended'; why: string };

export interface StreamOptions {
  /** Called again for each connection. */
  path: () => string;
  onEvent: (event: SseEvent) => void;
  onState?: (state: StreamState) => void;
  /** The stream ends by itself, and that is the end of it. */
  mayEnd?: boolean;
}

const FirstPauseMs = 500;
const LongestPauseMs = 15_000;
// The API says something at least every 15 s.
const SilenceMs = 40_000;
// A browser has six connections for a host, over all of its tabs: those of tabs at which nobody looks are for the others.
const HiddenMs = 30_000;

/**
 * Follows server-sent events over fetch, because EventSource sends no Authorization header. A stream that breaks or falls silent is begun again, where it was by Last-Event-ID, after
 * pauses that grow; at once when the browser is online again. It rests while its tab is hidden. Returns what ends it.
 */
export function follow(options: StreamOptions): () => void {
  const ends = new AbortController();
  let lastId = '';
  let pause = FirstPauseMs;
  let hurry = () => {};
  let rests = false;
  let hidden: ReturnType<typeof setTimeout> | undefined;
  let connection = new AbortController();
  const state = (s: StreamState) => options.onState?.(s);
  const online = () => hurry();
  const look = () => {
    clearTimeout(hidden);
    if (document.visibilityState === 'hidden') {
      hidden = setTimeout(() => {
        rests = true;
        connection.abort();
      }, HiddenMs);
    } else if (rests) {
      rests = false;
      pause = FirstPauseMs;
      hurry();
    }
  };
  addEventListener('online', online);
  document.addEventListener('visibilitychange', look);
  look();

  async function connect(): Promise<void> {
    state({ kind: 'connecting' });
    const own = (connection = new AbortController());
    ends.signal.addEventListener('abort', () => own.abort(), { signal: own.signal });
    let watchdog = setTimeout(() => own.abort(), SilenceMs);
    try {
      const response = await fetch(options.path(), {
        signal: own.signal,
        cache: 'no-store',
        headers: headers({ accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) }),
      });
      if (!response.ok) throw await refusal(response);
      state({ kind: 'live' });
      const parser = parse((event) => {
        pause = FirstPauseMs;
        if (event.id) lastId = event.id;
        options.onEvent(event);
      }, (ms) => (pause = ms));
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => own.abort(), SilenceMs);
        parser(value);
      }
    } finally {
      clearTimeout(watchdog);
      own.abort();
    }
  }

  /** Until the time is over, somebody is in a hurry, or the end. */
  const nap = (ms?: number) => new Promise<void>((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    hurry = () => {
      clearTimeout(timer);
      resolve();
    };
    ends.signal.addEventListener('abort', hurry, { once: true });
  });

  async function run(): Promise<void> {
    while (!ends.signal.aborted) {
      if (rests) {
        state({ kind: 'waiting', until: Date.now(), why: 'Nobody looks at this tab.' });
        while (rests && !ends.signal.aborted) await nap();
        continue;
      }
      let why = 'The stream ended.';
      let least = 0;
      try {
        await connect();
        if (options.mayEnd) return state({ kind: 'ended', why: '' });
      } catch (e) {
        if (ends.signal.aborted) return;
        const status = (e as { status?: number }).status ?? 0;
        why = status > 0 ? (e as Error).message : 'The API cannot be reached.';
        if (status === 401 || status === 403 || status === 404) return state({ kind: 'ended', why });
        least = ((e as { retryAfterSeconds?: number }).retryAfterSeconds ?? 0) * 1000;
      }
      if (rests) continue;
      const wait = Math.max(least, pause * (0.8 + 0.4 * Math.random()));
      pause = Math.min(LongestPauseMs, pause * 2);
      state({ kind: 'waiting', until: Date.now() + wait, why });
      await nap(wait);
    }
  }

  void run();
  return () => {
    removeEventListener('online', online);
    document.removeEventListener('visibilitychange', look);
    clearTimeout(hidden);
    ends.abort();
  };
}

/** A parser of the event stream format (HTML Standard, 9.2.6) that takes text in pieces. */
export function parse(onEvent: (event: SseEvent) => void, onRetry: (ms: number) => void = () => {}): (piece: string) => void {
  let rest = '';
  let id = '';
  let type = '';
  let data: string[] = [];
  return (piece) => {
    rest += piece;
    // A carriage return at the end may be half of a line end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) onEvent({ id, type: type || 'message', data: data.join('\n') });
        type = '';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
      if (field === 'event') type = value;
      else if (field === 'data') data.push(value);
      else if (field === 'id') id = value;
      else if (field === 'retry' && /^\d+$/.test(value)) onRetry(Number(value));
    }
  };
}
