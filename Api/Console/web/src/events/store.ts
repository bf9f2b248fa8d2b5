import { useEffect, useState } from 'preact/hooks';
import { follow, type StreamState } from '../core/sse';

export interface MeshEvent {
  id: number;
  type: string;
  at: string;
  subject: string;
  actor?: string;
  data?: Record<string, string>;
  tenant?: string;
  reason?: string;
  versionBefore?: number;
  versionAfter?: number;
}

export interface EventQuery {
  types?: string;
  subject?: string;
  actor?: string;
  tenant?: string;
}

/** Events, newest first: the last ones that there are and those that come. */
export function useEvents(query: EventQuery, most: number, last = 200): { events: MeshEvent[]; state: StreamState; truncated: boolean } {
  const [events, setEvents] = useState<MeshEvent[]>([]);
  const [state, setState] = useState<StreamState>({ kind: 'connecting' });
  const [truncated, setTruncated] = useState(false);
  const key = JSON.stringify(query);
  useEffect(() => {
    let pending: MeshEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    setEvents([]);
    setTruncated(false);
    const ends = follow({
      path: () => 'api/v1/events?' + new URLSearchParams([['last', String(last)], ...Object.entries(query).filter(([, v]) => v)] as [string, string][]),
      onState: setState,
      onEvent: ({ type, data }) => {
        if (type === 'TRUNCATED') return setTruncated(true);
        pending.push(JSON.parse(data));
        timer ??= setTimeout(() => {
          timer = undefined;
          const come = pending.reverse();
          pending = [];
          setEvents((known) => [...come.filter((e) => e.id > (known[0]?.id ?? 0)), ...known].slice(0, most));
        }, 50);
      },
    });
    return () => {
      ends();
      clearTimeout(timer);
    };
  }, [key]);
  return { events, state, truncated };
}
