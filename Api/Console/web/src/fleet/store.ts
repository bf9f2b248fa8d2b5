import { signal } from '@preact/signals';
import { follow, type StreamState } from '../core/sse';

/** A cell of /api/v1/fleet: a column per reading, an entry per node. */
export interface FleetCell {
  id: string;
  incarnation: number;
  version: number;
  builtAt: string;
  synthetic: boolean;
  nodes: string[];
  zones: string[];
  health: string[];
  gpus: number[];
  load: (number | null)[];
  running: (number | null)[];
  waiting: (number | null)[];
  kvCacheUsage: (number | null)[];
  smUtilization: (number | null)[];
  vramUsage: (number | null)[];
  temperatureCelsius: (number | null)[];
  rttMs: (number | null)[];
}

export interface Totals {
  at: number;
  nodes: number;
  ready: number;
  gpus: number;
  running: number;
  waiting: number;
  load: number | null;
  kv: number | null;
  hottest: number | null;
  /** Whether the nodes are a model's: of all cells, of some, or of none. */
  synthetic: 'all' | 'some' | 'none';
}

const MostTotals = 150;
const known = new Map<string, FleetCell>();
let ends: (() => void) | undefined;
let pending = 0;

/** Cells by id; a new array with each change. */
export const cells = signal<FleetCell[]>([]);
/** Whether all cells have come once. */
export const complete = signal(false);
export const totals = signal<Totals[]>([]);
export const streamState = signal<StreamState>({ kind: 'connecting' });

export function startFleet(): void {
  if (ends) return;
  let begun = new Set<string>();
  ends = follow({
    path: () => 'api/v1/fleet',
    onState: (state) => {
      // A new stream begins with all cells: those that do not come are no more.
      if (state.kind === 'live') begun = new Set();
      streamState.value = state;
    },
    onEvent: ({ type, data }) => {
      const cell = JSON.parse(data) as FleetCell;
      if (type === 'cell') {
        // The second time that one comes, all have come.
        if (begun.has(cell.id)) for (const id of known.keys()) if (!begun.has(id)) known.delete(id);
        begun.add(cell.id);
        known.set(cell.id, cell);
      } else if (type === 'gone') {
        begun.delete(cell.id);
        known.delete(cell.id);
      }
      // Cells come in bursts: one change of the page for each.
      if (pending === 0) pending = window.setTimeout(commit, 50);
    },
  });
}

export function stopFleet(): void {
  ends?.();
  ends = undefined;
  clearTimeout(pending);
  pending = 0;
  known.clear();
  cells.value = [];
  totals.value = [];
  complete.value = false;
  streamState.value = { kind: 'connecting' };
}

function commit(): void {
  pending = 0;
  const all = [...known.values()].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  cells.value = all;
  complete.value = true;
  totals.value = [...totals.value.slice(-MostTotals + 1), sum(all)];
}

export function sum(all: FleetCell[]): Totals {
  const t: Totals = { at: Date.now() / 1000, nodes: 0, ready: 0, gpus: 0, running: 0, waiting: 0, load: null, kv: null, hottest: null, synthetic: all.some((c) => c.synthetic) ? (all.every((c) => c.synthetic) ? 'all' : 'some') : 'none' };
  let load = 0;
  let loads = 0;
  for (const c of all) {
    t.nodes += c.nodes.length;
    for (let i = 0; i < c.nodes.length; i++) {
      if (c.health[i] === 'ready') t.ready++;
      t.gpus += c.gpus[i]!;
      t.running += c.running[i] ?? 0;
      t.waiting += c.waiting[i] ?? 0;
      if (c.load[i] != null) {
        load += c.load[i]!;
        loads++;
      }
      if (c.kvCacheUsage[i] != null) t.kv = Math.max(t.kv ?? 0, c.kvCacheUsage[i]!);
      if (c.temperatureCelsius[i] != null) t.hottest = Math.max(t.hottest ?? 0, c.temperatureCelsius[i]!);
    }
  }
  if (loads > 0) t.load = load / loads;
  return t;
}

/** One node of a cell. */
export interface FleetNode {
  id: string;
  cell: FleetCell;
  index: number;
}

export function* nodesOf(all: FleetCell[]): Generator<FleetNode> {
  for (const cell of all) for (let index = 0; index < cell.nodes.length; index++) yield { id: cell.nodes[index]!, cell, index };
}
