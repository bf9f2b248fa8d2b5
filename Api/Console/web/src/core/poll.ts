import { useEffect, useRef, useState } from 'preact/hooks';
import { get, type ApiError } from './client';

export interface Polled<T> {
  data: T | undefined;
  error: ApiError | undefined;
  reload: () => void;
}

/** Reads a path now, and again and again while somebody looks; at once when somebody looks again. What was read last stays when a read fails. */
export function usePoll<T>(path: string | null, everyMs: number, onData?: (data: T) => void): Polled<T> {
  const [state, setState] = useState<{ path: string | null; data?: T; error?: ApiError }>({ path });
  const [round, setRound] = useState(0);
  const told = useRef(onData);
  told.current = onData;
  useEffect(() => {
    if (path === null) return;
    const ends = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    let due = false;
    const read = async () => {
      due = false;
      try {
        const data = await get<T>(path, ends.signal);
        told.current?.(data);
        setState({ path, data });
      } catch (e) {
        if (ends.signal.aborted) return;
        setState((s) => ({ path, data: s.path === path ? s.data : undefined, error: e as ApiError }));
      }
      if (everyMs > 0 && !ends.signal.aborted) timer = setTimeout(next, everyMs);
    };
    const next = () => {
      due = true;
      if (document.visibilityState === 'visible') void read();
    };
    document.addEventListener('visibilitychange', () => due && next(), { signal: ends.signal });
    void read();
    return () => {
      clearTimeout(timer);
      ends.abort();
    };
  }, [path, everyMs, round]);
  const isCurrent = state.path === path;
  return { data: isCurrent ? state.data : undefined, error: isCurrent ? state.error : undefined, reload: () => setRound((r) => r + 1) };
}
